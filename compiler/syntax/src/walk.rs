//! Goes over the statements of a file in the order in which they are parsed: inner ones first.

use prism_span::Span;

use crate::errors::SyntaxError;
use crate::layout::LaidToken;
use crate::token::Kind;

/// What is to be parsed next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// The statement of the tokens from `start` to before `end`, at least one.
    Stmt { start: usize, end: usize },
    /// The block whose tokens are `opener` and `closer`; its statements are all those since the
    /// `first`, counted over all blocks that are open.
    Close { first: u32, opener: usize, closer: usize },
}

/// The statements that are still to come.
pub(crate) struct Walk {
    pub tokens: Vec<LaidToken>,
    at: usize,
    /// The blocks that are being read, the file first.
    open: Vec<Open>,
    /// A block that ends behind the statement that was given last.
    closer: Option<usize>,
    /// Statements so far in the open blocks.
    n_stmts: u32,
    n_closed: u32,
}

struct Open {
    /// Its opening token.
    opener: usize,
    /// Statements before its own.
    first: u32,
    /// Where the current statement begins among the tokens.
    start: usize,
    /// Brackets of the current statement that are open and no blocks.
    n_inner: u32,
}

impl Walk {
    pub fn new(tokens: Vec<LaidToken>) -> Walk {
        let open = vec![Open { opener: 0, first: 0, start: 0, n_inner: 0 }];
        Walk { tokens, at: 0, open, closer: None, n_stmts: 0, n_closed: 0 }
    }

    /// The next step; none at the end of the file.
    pub fn step(&mut self) -> Option<Step> {
        if let Some(closer) = self.closer.take() {
            return Some(self.close(closer));
        }
        while let Some(n_others) = self.tokens[self.at..].iter().position(|t| t.kind.is_border()) {
            let at = self.at + n_others;
            self.at = at + 1;
            let kind = self.tokens[at].kind;
            match kind {
                Kind::LBraceBlock | Kind::LBraceCases => {
                    let (first, start) = (self.n_stmts, at + 1);
                    self.open.push(Open { opener: at, first, start, n_inner: 0 });
                }
                Kind::RBraceBlock | Kind::RBraceCases => {
                    let Some(stmt) = self.stmt(at) else { return Some(self.close(at)) };
                    self.closer = Some(at);
                    return Some(stmt);
                }
                Kind::Sep if self.top().n_inner == 0 => {
                    let stmt = self.stmt(at);
                    if stmt.is_some() {
                        return stmt;
                    }
                }
                Kind::Sep => {}
                _ if kind.is_opener() => self.top().n_inner += 1,
                _ => self.top().n_inner -= 1,
            }
        }
        self.at = self.tokens.len();
        self.stmt(self.at)
    }

    fn top(&mut self) -> &mut Open {
        self.open.last_mut().expect("the file is never closed")
    }

    /// The statement that ends before the token at `end`, if it has any tokens.
    fn stmt(&mut self, end: usize) -> Option<Step> {
        let start = std::mem::replace(&mut self.top().start, end + 1);
        let stmt = (start < end).then_some(Step::Stmt { start, end })?;
        self.n_stmts += 1;
        Some(stmt)
    }

    /// Ends the innermost block; its opening token stands for it from now on, and its closing one
    /// has its number.
    fn close(&mut self, closer: usize) -> Step {
        let open = self.open.pop().expect("the file is never closed");
        self.tokens[closer].partner = self.n_closed;
        self.n_closed += 1;
        self.n_stmts = open.first;
        Step::Close { first: open.first, opener: open.opener, closer }
    }
}

/// Mistakes found before the grammar. Each belongs to the innermost statement around it.
pub(crate) struct Known<'t> {
    errors: &'t [SyntaxError],
    is_claimed: Vec<bool>,
}

impl<'t> Known<'t> {
    /// The mistakes are in the order of the text.
    pub fn new(errors: &'t [SyntaxError]) -> Known<'t> {
        Known { errors, is_claimed: vec![false; errors.len()] }
    }

    /// Whether a mistake lies in the span and in no statement asked about before.
    pub fn claim(&mut self, span: Span) -> bool {
        let first = self.errors.partition_point(|error| error.span.start < span.start);
        let mut is_found = false;
        for at in first..self.errors.len() {
            let error = self.errors[at].span;
            // A mistake at the end belongs here only when it is about what is missing there.
            if error.start > span.end || (error.start == span.end && !error.is_empty()) {
                break;
            }
            is_found |= !std::mem::replace(&mut self.is_claimed[at], true);
        }
        is_found
    }
}
