//! GGUF files of models so small that they compute in no time. Their weights are noise, but always the same.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

/// A file that is removed when dropped.
pub(crate) struct TinyFile(PathBuf);

impl TinyFile {
    pub(crate) fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for TinyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What a file is made of, to be changed before it is written.
pub(crate) struct Tiny {
    pub(crate) metadata: Vec<(String, Value)>,
    pub(crate) tensors: Vec<(String, QTensor)>,
}

const WIDTH: usize = 64;
const FEED_FORWARD: usize = 96;
const LAYERS: usize = 2;
/// The marks of ChatML, then the printable letters of ASCII with space and newline.
const MARKS: [&str; 2] = ["<|im_start|>", "<|im_end|>"];

impl Tiny {
    pub(crate) fn new() -> Self {
        let tokens = tokens(MARKS);
        let kinds =
            (0..tokens.len()).map(|index| Value::I32(if index < MARKS.len() { 3 } else { 1 })).collect();
        let vocabulary = tokens.len();
        let number = |number: usize| Value::U32(number as u32);
        let text = |text: &str| Value::String(text.to_owned());
        let metadata = [
            ("general.architecture", text("llama")),
            ("llama.block_count", number(LAYERS)),
            ("llama.context_length", number(512)),
            ("llama.embedding_length", number(WIDTH)),
            ("llama.feed_forward_length", number(FEED_FORWARD)),
            ("llama.attention.head_count", number(4)),
            ("llama.attention.head_count_kv", number(2)),
            ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
            ("tokenizer.ggml.model", text("gpt2")),
            ("tokenizer.ggml.pre", text("gpt-2")),
            ("tokenizer.ggml.tokens", Value::Array(tokens.into_iter().map(Value::String).collect())),
            ("tokenizer.ggml.token_type", Value::Array(kinds)),
            ("tokenizer.ggml.merges", Value::Array(vec![])),
            ("tokenizer.ggml.eos_token_id", number(1)),
        ];
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { metadata, tensors: tensors(vocabulary) }
    }

    /// A model that does not stop by itself, and whose answers are the same tokens when they are read again: it has no marks
    /// and no end token, but two control characters in their place.
    pub(crate) fn unending() -> Self {
        let tiny = Self::new().without("tokenizer.ggml.eos_token_id");
        let tokens: Vec<Value> = tokens(["Ā", "ā"]).into_iter().map(Value::String).collect();
        let ordinary = vec![Value::I32(1); tokens.len()];
        tiny.set("tokenizer.ggml.tokens", Value::Array(tokens))
            .set("tokenizer.ggml.token_type", Value::Array(ordinary))
    }

    pub(crate) fn set(mut self, key: &str, value: Value) -> Self {
        self.metadata.retain(|(known, _)| known != key);
        self.metadata.push((key.to_owned(), value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.metadata.retain(|(known, _)| known != name);
        self.tensors.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn write(self) -> TinyFile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("catena-tiny-{}-{}.gguf", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let metadata: Vec<_> = self.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<_> = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let mut file = File::create(&path).unwrap();
        gguf_file::write(&mut file, &metadata, &tensors).unwrap();
        TinyFile(path)
    }
}

fn tokens(first: [&str; 2]) -> Vec<String> {
    let letters = (b'!'..=b'~').map(|letter| char::from(letter).to_string());
    first.into_iter().map(str::to_owned).chain(letters).chain(["Ġ", "Ċ"].map(str::to_owned)).collect()
}

fn tensors(vocabulary: usize) -> Vec<(String, QTensor)> {
    let mut noise = Noise(1);
    let mut all = vec![
        ("token_embd.weight".to_owned(), noise.matrix(vocabulary, WIDTH, GgmlDType::Q8_0)),
        ("output.weight".to_owned(), noise.matrix(vocabulary, WIDTH, GgmlDType::F32)),
        ("output_norm.weight".to_owned(), ones()),
    ];
    for layer in 0..LAYERS {
        let mut add = |name: &str, tensor| all.push((format!("blk.{layer}.{name}.weight"), tensor));
        add("attn_norm", ones());
        add("ffn_norm", ones());
        // Three kinds of weights: as they are, turned into another kind, and multiplied without a kernel.
        add("attn_q", noise.matrix(WIDTH, WIDTH, GgmlDType::Q4_0));
        add("attn_k", noise.matrix(WIDTH / 2, WIDTH, GgmlDType::Q4_1));
        add("attn_v", noise.matrix(WIDTH / 2, WIDTH, GgmlDType::F16));
        add("attn_output", noise.matrix(WIDTH, WIDTH, GgmlDType::Q5_0));
        add("ffn_gate", noise.matrix(FEED_FORWARD, WIDTH, GgmlDType::Q8_0));
        add("ffn_up", noise.matrix(FEED_FORWARD, WIDTH, GgmlDType::Q8_0));
        add("ffn_down", noise.matrix(WIDTH, FEED_FORWARD, GgmlDType::Q8_0));
    }
    all
}

fn ones() -> QTensor {
    QTensor::quantize(&Tensor::new(vec![1f32; WIDTH], &Device::Cpu).unwrap(), GgmlDType::F32).unwrap()
}

/// Numbers from -1 to 1 that look like chance.
struct Noise(u64);

impl Noise {
    fn matrix(&mut self, rows: usize, columns: usize, kind: GgmlDType) -> QTensor {
        let scale = 3.0 / (columns as f32).sqrt();
        let numbers: Vec<f32> = (0..rows * columns).map(|_| self.next() * scale).collect();
        let tensor = Tensor::from_vec(numbers, (rows, columns), &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, kind).unwrap()
    }

    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}
