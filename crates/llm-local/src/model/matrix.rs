//! Tensors of the file: quantized matrices, which candle multiplies, and plain vectors.

use std::io::{Read, Seek};

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};
use catena_core::Result;

use crate::failure::{computation, malformed};

/// A matrix that maps rows of one width to rows of another.
pub(super) struct Matrix {
    weights: QMatMul,
    width: usize,
}

impl Matrix {
    pub(super) fn weights(&self) -> &QMatMul {
        &self.weights
    }

    /// Multiplies each row.
    pub(super) fn apply(&self, rows: Vec<f32>) -> Result<Vec<f32>> {
        if rows.is_empty() {
            return Ok(rows);
        }
        let count = rows.len() / self.width;
        let product = Tensor::from_vec(rows, (count, self.width), &Device::Cpu)
            .and_then(|rows| self.weights.forward(&rows)?.flatten_all()?.to_vec1());
        product.map_err(computation)
    }
}

/// The tensors of a file, each read on demand.
pub(super) struct Tensors<'a, R> {
    pub(super) content: &'a Content,
    pub(super) reader: &'a mut R,
}

impl<R: Read + Seek> Tensors<'_, R> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    pub(super) fn matrix(&mut self, name: &str, from: usize, to: usize) -> Result<Matrix> {
        let tensor = self.read(name, &[to, from])?;
        let weights = with_kernel(tensor).and_then(QMatMul::from_qtensor).map_err(computation)?;
        Ok(Matrix { weights, width: from })
    }

    pub(super) fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        let tensor = self.read(name, &[length])?;
        tensor.dequantize(&Device::Cpu).and_then(|tensor| tensor.to_vec1()).map_err(computation)
    }

    fn read(&mut self, name: &str, expected: &[usize]) -> Result<QTensor> {
        // Checked before any memory is allocated for it.
        let Some(info) = self.content.tensor_infos.get(name) else {
            return Err(malformed(format!("lacks the tensor `{name}`")));
        };
        if info.shape.dims() != expected {
            let found = info.shape.dims();
            return Err(malformed(format!("has a tensor `{name}` of the size {found:?}, not {expected:?}")));
        }
        let tensor = self.content.tensor(self.reader, name, &Device::Cpu);
        tensor.map_err(|error| malformed(format!("breaks off in the tensor `{name}`: {error}")))
    }
}

/// Converts the weights to a format with SIMD kernels in candle. It multiplies the old formats with a minimum, and
/// those of five bits, element by element, many times slower. In eight bits the loss is negligible, but they take more
/// memory: 8.5 bits per weight instead of 5 to 6.
fn with_kernel(tensor: QTensor) -> candle_core::Result<QTensor> {
    match tensor.dtype() {
        GgmlDType::Q4_1 | GgmlDType::Q5_0 | GgmlDType::Q5_1 | GgmlDType::Q8_1 => {
            QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)
        }
        _ => Ok(tensor),
    }
}
