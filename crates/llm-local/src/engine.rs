//! A loaded model: its tokenizer, its chat template and its worker.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{self, Sender};
use std::thread;

use candle_core::quantized::gguf_file::Content;
use catena_core::{Error, ErrorKind, Message, Result};
use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Map, Value};

use crate::chat_template::ChatTemplate;
use crate::failure::{stopped, unreadable};
use crate::generation::{Job, Piece, Place};
use crate::metadata::Metadata;
use crate::model::Llama;
use crate::settings::Settings;
use crate::tokenizer::Tokenizer;
use crate::worker::Worker;

/// How a model is loaded.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) path: PathBuf,
    pub(crate) context: usize,
    pub(crate) max_active: usize,
    pub(crate) max_waiting: usize,
    pub(crate) kept_prompts: usize,
    pub(crate) chat_template: Option<String>,
}

/// A loaded model. Its worker ends once the last handle is dropped and all answers have ended.
pub(crate) struct Engine {
    pub(crate) name: String,
    path: PathBuf,
    tokenizer: Arc<Tokenizer>,
    template: ChatTemplate,
    context: usize,
    bytes_per_token: usize,
    jobs: Sender<Job>,
    /// The number of calls, running and waiting.
    taken: Arc<AtomicUsize>,
    places: usize,
}

impl Engine {
    /// Loads the file and starts the worker.
    pub(crate) fn open(opening: Opening) -> Result<Self> {
        let path = &opening.path;
        let file = File::open(path).map_err(|error| unreadable(path, error.into()))?;
        let mut reader = BufReader::new(file);
        let content = Content::read(&mut reader).map_err(|error| unreadable(path, error))?;
        let metadata = Metadata(&content.metadata);
        let tokenizer = Arc::new(Tokenizer::from_metadata(metadata)?);
        let source = opening.chat_template.as_deref();
        let source =
            source.map_or_else(|| metadata.text("tokenizer.chat_template"), |source| Ok(Some(source)))?;
        let template = ChatTemplate::new(source)?;
        let model = Llama::read(&content, &mut reader)?;
        let (shape, places) = (model.shape().clone(), opening.max_active.saturating_add(opening.max_waiting));
        let context = opening.context.min(shape.context);
        let (jobs, received) = mpsc::channel();
        let worker = Worker {
            model,
            tokenizer: tokenizer.clone(),
            context,
            max_active: opening.max_active,
            kept_prompts: opening.kept_prompts,
            waiting: VecDeque::new(),
            active: Vec::new(),
            kept: VecDeque::new(),
        };
        let thread = thread::Builder::new().name("catena-local".to_owned());
        let started = thread.spawn(move || worker.run(received));
        started
            .map_err(|error| Error::new(ErrorKind::Other, "no thread can be started").with_source(error))?;
        let bytes_per_token = shape.bytes_per_token();
        let (name, path) = (name_of(path), opening.path);
        Ok(Self {
            name,
            path,
            tokenizer,
            template,
            context,
            bytes_per_token,
            jobs,
            taken: Arc::default(),
            places,
        })
    }

    pub(crate) fn context(&self) -> usize {
        self.context
    }

    pub(crate) fn bytes_per_token(&self) -> usize {
        self.bytes_per_token
    }

    /// Tokenizes a text to complete.
    pub(crate) fn text_prompt(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer.encode(text, false)
    }

    /// Renders and tokenizes a conversation, up to the start of the answer.
    pub(crate) fn chat_prompt(&self, messages: &[Message]) -> Result<Vec<u32>> {
        self.tokenizer.encode(&self.template.render(messages, &self.tokenizer)?, true)
    }

    /// Returns everything that shapes an answer.
    pub(crate) fn described(&self, settings: &Settings) -> Map<String, Value> {
        let mut all = settings.described();
        all.insert("model".to_owned(), self.name.clone().into());
        // Two files may have the same name.
        all.insert("path".to_owned(), self.path.to_string_lossy().into());
        all.insert("context_length".to_owned(), self.context.into());
        all
    }

    /// Streams the pieces of an answer. Computation starts when the stream is first polled, and stops when it is
    /// dropped.
    pub(crate) fn pieces<'a>(
        &'a self,
        prompt: impl FnOnce() -> Result<(Vec<u32>, Settings)> + Send + 'a,
    ) -> impl Stream<Item = Result<Piece>> + Send + 'a {
        let started = async move { prompt().and_then(|(prompt, settings)| self.submit(prompt, settings)) };
        stream::once(started).flat_map(|started| stream::unfold(Some(started), next_piece))
    }

    fn submit(&self, prompt: Vec<u32>, settings: Settings) -> Result<UnboundedReceiver<Result<Piece>>> {
        if prompt.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "the prompt is empty"));
        }
        if prompt.len() >= self.context {
            let (count, context) = (prompt.len(), self.context);
            let message =
                format!("the prompt has {count} tokens; with the answer there is room for {context}");
            return Err(Error::new(ErrorKind::ContextOverflow, message));
        }
        let Some(place) = Place::take(&self.taken, self.places) else {
            let message = format!("{} calls are under way or wait already; try again later", self.places);
            return Err(Error::new(ErrorKind::RateLimit, message));
        };
        let (answer, pieces) = unbounded();
        self.jobs.send(Job { prompt, settings, answer, place: Some(place) }).map_err(|_| stopped())?;
        Ok(pieces)
    }
}

type Pieces = Result<UnboundedReceiver<Result<Piece>>>;

/// Returns the next piece and the rest; nothing follows an end or an error.
async fn next_piece(pieces: Option<Pieces>) -> Option<(Result<Piece>, Option<Pieces>)> {
    let mut pieces = match pieces? {
        Ok(pieces) => pieces,
        Err(error) => return Some((Err(error), None)),
    };
    Some(match pieces.next().await {
        Some(Ok(piece)) => {
            let rest = piece.end.is_none().then_some(Ok(pieces));
            (Ok(piece), rest)
        }
        Some(Err(error)) => (Err(error), None),
        None => (Err(stopped()), None),
    })
}

fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("path", &self.path).field("vocabulary", &self.tokenizer.len()).finish()
    }
}
