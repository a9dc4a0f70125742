//! What the grammar could not go on with: what was expected, and advice for mistakes that are seen
//! often.

use prism_diagnostics::{Code, Diagnostic};
use prism_span::Span;

use super::{Speaker, shortened};
use crate::errors::Expected;
use crate::token::Kind;

impl Speaker<'_> {
    pub(super) fn unexpected(
        &self,
        expected: Expected,
        found: Option<Kind>,
        span: Span,
    ) -> Diagnostic {
        let text = self.slice(span);
        if let Some(shift) = self.shift_around(span) {
            return self.bit_operator(self.slice(shift), shift);
        }
        let found_text = match found {
            None => "the end of the statement".to_owned(),
            Some(Kind::Sep) if text.trim().is_empty() => "the end of the line".to_owned(),
            Some(Kind::LBraceBlock) => "a block".to_owned(),
            Some(_) if text.is_empty() => "nothing".to_owned(),
            Some(_) => format!("`{}`", shortened(text)),
        };
        let message = format!("expected {}, found {found_text}", expected_text(expected));
        let span = if found == Some(Kind::LBraceBlock) {
            Span::new(span.start, (span.start + 1).min(span.end))
        } else {
            span
        };
        let mut diagnostic = self.error(Code::P0101, span, message);
        if text == "?" && expected == Expected::Token(Kind::Assign) {
            diagnostic = diagnostic.with_fix("write `| null`", self.replace(span, " | null"));
        }
        match self.unexpected_help(expected, found, text) {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }

    /// The `>>` or `>>>` whose second `>` nobody expected; types may end in `>>`, so that the
    /// lexer does not know it.
    fn shift_around(&self, second: Span) -> Option<Span> {
        let before = self.text[..second.start as usize].ends_with('>');
        if self.slice(second) != ">" || !before {
            return None;
        }
        let rest = &self.text[second.end as usize..];
        let more = rest.len() - rest.trim_start_matches('>').len();
        Some(Span::new(second.start - 1, second.end + more as u32))
    }

    /// Advice for mistakes that are seen often.
    fn unexpected_help(
        &self,
        expected: Expected,
        found: Option<Kind>,
        text: &str,
    ) -> Option<String> {
        let is_name = matches!(expected, Expected::Name | Expected::FunctionName);
        match (text, found) {
            ("throw" | "return" | "break" | "continue", _) if expected == Expected::Expression => {
                Some(format!("`{text}` is a statement: put it in braces, `{{ {text} … }}`"))
            }
            ("import", _) if expected == Expected::Expression => Some(
                "modules are loaded before the program runs: `import { name } from \"./file\"`"
                    .into(),
            ),
            ("?", _) if expected == Expected::Token(Kind::Assign) => {
                Some("a type that may be missing is `T | null`".into())
            }
            ("for", _) if matches!(expected, Expected::Token(_)) => Some(
                "a list is made from another one by its methods: \
                 `xs.filter(x => x > 1).map(x => x * 2)`"
                    .into(),
            ),
            ("switch", _) => Some(
                "`switch` is a statement; as an expression write `match x { 1 => …, _ => … }`"
                    .into(),
            ),
            ("if", _) if expected == Expected::Expression => {
                Some("`if` is a statement; as an expression write `condition ? a : b`".into())
            }
            (".", _) if expected == Expected::Expression => {
                Some("a number has a digit before its point: `0.5`".into())
            }
            ("if", _) if expected == Expected::End => {
                Some("a choice between two values is `condition ? a : b`".into())
            }
            ("->", _) => Some("an arrow is `x => …`, a confidence `~> 0.9`".into()),
            (":", _) if expected == Expected::End => Some(
                "a variable with a type is declared, `let x: number = 1`; a loop over a list is \
                 `for x of xs { … }`"
                    .into(),
            ),
            (":", _) if expected == Expected::Token(Kind::LBraceBlock) => {
                Some("a body stands in `{ }`, without a `:`".into())
            }
            (":", _) if expected == Expected::Token(Kind::RBracket) => {
                Some("a part of a list or a text is `xs.slice(from, to)`".into())
            }
            (",", _) if expected == Expected::End => Some(
                "a `,` joins no statements: the second one stands behind a `;`, or in the body of \
                 the loop"
                    .into(),
            ),
            (",", _) if expected == Expected::Token(Kind::RParen) => {
                Some("values together are a list, in `[ ]`".into())
            }
            ("<" | "<=" | ">" | ">=" | ",", _) if expected == Expected::Token(Kind::ForSemi) => {
                Some(
                    "the parts of the head are separated by `;`: `for (let i = 0; i < n; i++)`"
                        .into(),
                )
            }
            (";", _) if expected == Expected::Token(Kind::RBrace) => {
                Some("the fields of an object are separated by commas".into())
            }
            (".", _) if expected_text(expected) == "a name" => Some(
                "numbers are counted with `for (let i = 0; i < n; i++)`, texts are joined with `+`"
                    .into(),
            ),
            (_, None) if expected == Expected::Token(Kind::KwFrom) => {
                Some("write `import { name } from \"./file\"`".into())
            }
            (".", _) if expected == Expected::Token(Kind::Str) => {
                Some("the path of a module is a text: `from \"./file\"`".into())
            }
            ("else", _) => Some("an `else` follows the `}` of its `if`".into()),
            ("catch" | "finally", _) => Some(format!("`{text}` follows the `}}` of a `try`")),
            ("<~", _) => Some("for a comparison write `a < ~b`, with a space".into()),
            ("=>", _) => Some("the parameters of an arrow are a name, or stand in `( )`".into()),
            ("...", _) => Some("`...` can stand in lists, objects and arguments".into()),
            (_, Some(kind)) if is_name && kind.is_word() => {
                Some(format!("`{text}` is a word of the language and cannot be a name"))
            }
            _ => match expected {
                Expected::Block => Some("the body of this construct stands in `{ }`".into()),
                Expected::Token(Kind::LBraceBlock) => {
                    Some("without parentheses around the condition the body stands in `{ }`".into())
                }
                Expected::Arm => Some("an arm is `pattern => value`".into()),
                Expected::Branch => Some("a branch is `high { … }` or `high -> value`".into()),
                Expected::Clause => Some(
                    "a clause is `effect.operation(value) => { … }` or `return value => …`".into(),
                ),
                Expected::Operation => Some("an operation is `name(value: type): type`".into()),
                Expected::AgentDecl => Some("an agent is `Name: Agent { key: value }`".into()),
                Expected::Token(Kind::KwWith) => Some(
                    "what the body asks for is answered in `with { effect.operation(x) => … }`"
                        .into(),
                ),
                Expected::Token(Kind::Str) if found == Some(Kind::LBraceBlock) => {
                    Some("a test has a name: `test \"what it shows\" { … }`".into())
                }
                Expected::Token(Kind::Colon) => Some("a `?` needs its `:`".into()),
                _ => None,
            },
        }
    }
}

fn expected_text(expected: Expected) -> String {
    let text = match expected {
        Expected::Expression => "an expression",
        Expected::Statement => "a statement",
        Expected::End => "the end of the statement",
        Expected::Name => "a name",
        Expected::FunctionName => "a function name",
        Expected::Pattern => "a name or a pattern",
        Expected::Type => "a type",
        Expected::Field => "a key",
        Expected::Arm => "an arm of `match`",
        Expected::Branch => "`high`, `medium`, `low` or `default`",
        Expected::Clause => "a clause of the handler",
        Expected::Operation => "an operation of the effect",
        Expected::AgentDecl => "an agent",
        Expected::Block => "`{`",
        Expected::Token(kind) => return token_text(kind),
    };
    text.to_owned()
}

/// The token that is missing, as people write it.
fn token_text(kind: Kind) -> String {
    let text = match kind {
        Kind::RParen => "`)`",
        Kind::RBracket => "`]`",
        Kind::RBrace | Kind::InterpClose => "`}`",
        Kind::LParenParams => "`(` and the parameters",
        Kind::LBraceBlock | Kind::LBraceBranches | Kind::LBraceArms => "`{`",
        Kind::KwFrom => "`from`",
        Kind::KwWith => "`with`",
        Kind::KwCase => "`case`",
        Kind::While => "`while`",
        Kind::Arrow | Kind::ArmArrow => "`=>`",
        Kind::Colon => "`:`",
        Kind::Assign => "`=`",
        Kind::ForSemi => "`;`",
        Kind::Str => "a string",
        Kind::Number => "a number",
        _ => "a name",
    };
    text.to_owned()
}
