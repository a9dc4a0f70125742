//! The words for syntax errors: here and in `diagnostics/`, nowhere else, this crate speaks to
//! people.

mod unexpected;

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_span::{FileId, Span};

use crate::ast::Quote;
use crate::errors::{AssignPlace, SyntaxError, SyntaxErrorKind};
use crate::parse::Parse;
use crate::token::Kind;

/// What is wrong with the text of a file, in the order of the text.
pub fn diagnostics(text: &str, parse: &Parse, file: FileId) -> Vec<Diagnostic> {
    let speaker = Speaker { text, file };
    parse.errors.iter().map(|error| speaker.diagnostic(error)).collect()
}

struct Speaker<'t> {
    text: &'t str,
    file: FileId,
}

impl Speaker<'_> {
    fn diagnostic(&self, error: &SyntaxError) -> Diagnostic {
        let SyntaxError { kind, span } = *error;
        match kind {
            SyntaxErrorKind::UnknownCharacter
            | SyntaxErrorKind::UnclosedString { .. }
            | SyntaxErrorKind::UnclosedInterpolation
            | SyntaxErrorKind::UnclosedComment
            | SyntaxErrorKind::BadNumber
            | SyntaxErrorKind::BadEscape => self.text_error(kind, span),
            SyntaxErrorKind::Unexpected { expected, found } => {
                self.unexpected(expected, found, span)
            }
            SyntaxErrorKind::UnclosedBracket { open, end } => self.unclosed(open, end, span),
            SyntaxErrorKind::StrayCloser(_) => self.stray(span),
            SyntaxErrorKind::MissingSeparator { at } => self.missing_separator(at, span),
            SyntaxErrorKind::MissingComma { at } => self.missing_comma(at, span),
            SyntaxErrorKind::TooDeep | SyntaxErrorKind::TooManyErrors => self.limit(kind, span),
            SyntaxErrorKind::MisplacedLevel => self.misplaced_level(span),
            SyntaxErrorKind::AnnotationOperand
            | SyntaxErrorKind::PipeInArrow
            | SyntaxErrorKind::ObjectBody => self.needs_parens(kind, span),
            SyntaxErrorKind::BadAssignTarget
            | SyntaxErrorKind::AssignInExpression(_)
            | SyntaxErrorKind::AssignInArrow
            | SyntaxErrorKind::DuplicateBranch(_)
            | SyntaxErrorKind::EmptyInterpolation
            | SyntaxErrorKind::EmptyParens
            | SyntaxErrorKind::MissingInit
            | SyntaxErrorKind::ImportNothing
            | SyntaxErrorKind::FunctionWithoutName
            | SyntaxErrorKind::TryAlone
            | SyntaxErrorKind::BareCatch
            | SyntaxErrorKind::DeclaredAsValue
            | SyntaxErrorKind::RestNotLast
            | SyntaxErrorKind::BadExport => self.statement_error(kind, span),
            SyntaxErrorKind::Regex
            | SyntaxErrorKind::Class
            | SyntaxErrorKind::Interface
            | SyntaxErrorKind::Enum
            | SyntaxErrorKind::New
            | SyntaxErrorKind::This
            | SyntaxErrorKind::Var
            | SyntaxErrorKind::Delete
            | SyntaxErrorKind::Void
            | SyntaxErrorKind::Label
            | SyntaxErrorKind::BitOperator
            | SyntaxErrorKind::UpdateInExpression
            | SyntaxErrorKind::Cast
            | SyntaxErrorKind::ForeignWord
            | SyntaxErrorKind::StringPrefix
            | SyntaxErrorKind::TripleQuotes
            | SyntaxErrorKind::TypeForm => self.habit(kind, span),
            SyntaxErrorKind::Misspelt(meant) => self.misspelt(meant, span),
            SyntaxErrorKind::NoBands => self
                .error(Code::P0122, span, "what follows `uncertain` has no bands")
                .with_help("write `high { … }`, `medium { … }` and `low { … }` between the braces")
                .with_help("to ask for truth alone, leave the word out"),
            SyntaxErrorKind::WrongMark(mark) => self.wrong_mark(mark, span),
        }
    }

    fn place(&self, span: Span) -> Place {
        Place::new(self.file, span)
    }

    fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.place(span), message)
    }

    fn slice(&self, span: Span) -> &str {
        span.slice(self.text)
    }

    fn insert(&self, at: u32, text: &str) -> Vec<Edit> {
        vec![Edit::insert(self.file, at, text)]
    }

    fn replace(&self, span: Span, text: &str) -> Vec<Edit> {
        vec![Edit::replace(self.place(span), text)]
    }

    fn around(&self, span: Span, before: &str, after: &str) -> Vec<Edit> {
        vec![Edit::insert(self.file, span.start, before), Edit::insert(self.file, span.end, after)]
    }

    fn wrap(&self, span: Span) -> Vec<Edit> {
        self.around(span, "(", ")")
    }

    /// The span with the spaces that follow it.
    fn with_space(&self, span: Span) -> Span {
        let rest = &self.text[span.end as usize..];
        let n_spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        Span::new(span.start, span.end + n_spaces as u32)
    }

    fn text_error(&self, kind: SyntaxErrorKind, span: Span) -> Diagnostic {
        match kind {
            SyntaxErrorKind::UnclosedString { quote, end } => {
                let last = Span::new(span.end.saturating_sub(1).max(span.start), span.end);
                let (what, help) = match quote {
                    Quote::Single | Quote::Double | Quote::Escaped => (
                        "this string does not end on its line",
                        "for text of several lines use backticks: `…`",
                    ),
                    Quote::Backtick => ("this string has no closing backtick", "close it with `"),
                    Quote::Triple => ("this string has no closing backticks", "close it with ```"),
                };
                let diagnostic = self
                    .error(Code::P0002, Span::new(span.start, last.end), what)
                    .with_label("starts here")
                    .with_help(help);
                // Where text of several lines was meant to end, nobody knows.
                match self.slice(span).contains('\n') {
                    true => diagnostic,
                    false => {
                        diagnostic.with_fix("close the string", self.insert(end, quote.as_str()))
                    }
                }
            }
            SyntaxErrorKind::UnclosedInterpolation => self
                .error(Code::P0006, span, "`${` without its `}`")
                .with_label("in this string")
                .with_help("close the expression with `}`; for the two characters write `\\${`"),
            SyntaxErrorKind::UnclosedComment => self
                .error(Code::P0003, span, "this comment has no end")
                .with_label("starts here")
                .with_help("close it with `*/`"),
            SyntaxErrorKind::BadNumber => self
                .error(Code::P0004, span, format!("`{}` is not a number", self.slice(span)))
                .with_label("letters touch the number")
                .with_help("put an operator or a space between the number and the name"),
            SyntaxErrorKind::BadEscape => self
                .error(Code::P0005, span, format!("`{}` names no character", self.slice(span)))
                .with_help("write `\\u{1F600}`, `\\u0041` or `\\x41`"),
            _ => self.unknown_character(span),
        }
    }

    fn unknown_character(&self, span: Span) -> Diagnostic {
        let found = self.slice(span);
        let shown = match found.chars().all(char::is_control) {
            true => found.escape_unicode().to_string(),
            false => found.to_owned(),
        };
        let message = format!("`{shown}` is not part of the language");
        let diagnostic = self.error(Code::P0001, span, message);
        match found {
            "#" => diagnostic.with_help("comments begin with `//`"),
            "“" | "”" | "„" | "‘" | "’" => diagnostic
                .with_help("strings stand in straight quotes")
                .with_fix("use straight quotes", self.replace(span, "\"")),
            "@" => diagnostic.with_help("`@name` belongs in the header comment `/** … */`"),
            "\\" => diagnostic.with_help("a line goes on by itself after an operator or a comma"),
            _ => diagnostic,
        }
    }

    fn unclosed(&self, open: Kind, end: u32, span: Span) -> Diagnostic {
        let (open, close) = match open {
            Kind::LParen => ("(", ")"),
            Kind::LBracket => ("[", "]"),
            Kind::InterpOpen => ("${", "}"),
            _ => ("{", "}"),
        };
        self.error(Code::P0104, span, format!("expected `{close}` for this `{open}`"))
            .with_label("never closed")
            .with_place(self.place(Span::empty(end)), format!("`{close}` is missing here"))
            .with_fix(format!("insert `{close}`"), self.insert(end, close))
    }

    fn stray(&self, span: Span) -> Diagnostic {
        let closer = self.slice(span);
        self.error(Code::P0105, span, format!("`{closer}` closes nothing"))
            .with_label("no bracket is open here that it could close")
            .with_fix(format!("delete `{closer}`"), self.replace(span, ""))
    }

    fn missing_separator(&self, at: u32, span: Span) -> Diagnostic {
        let word = self.slice(span);
        let before = &self.text[..at as usize];
        let word_before = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let operator = |word: &str| match word {
            "and" => Some("&&"),
            "or" => Some("||"),
            "not" => Some("!"),
            _ => None,
        };
        let advice = match (word_before, word) {
            (_, "<~") => Some("for a comparison write `a < ~b`, with a space"),
            (_, "~") => Some("`value ~> 0.9` gives a confidence, `~value` asks for it"),
            (_, text) if text.starts_with(['"', '\'', '`']) && !word_before.is_empty() => {
                Some("the arguments of a call stand in parentheses")
            }
            _ => None,
        };
        let message = format!("expected `;` or a new line, found `{}`", shortened(word));
        let diagnostic = self.error(Code::P0102, span, message);
        let previous = Span::new(at - word_before.len() as u32, at);
        for place in [span, previous] {
            if let Some(operator) = operator(self.slice(place)) {
                let title = format!("write `{operator}`");
                return diagnostic
                    .with_help(format!("the operator is `{operator}`"))
                    .with_fix(title, self.replace(place, operator));
            }
        }
        match advice {
            Some(advice) => diagnostic.with_help(advice),
            None if matches!(word, "else" | "catch" | "finally") => {
                diagnostic.with_help(format!("`{word}` begins no statement of its own"))
            }
            None => diagnostic
                .with_help("two statements on one line need a `;` between them")
                .with_fix("insert `;`", self.insert(at, ";")),
        }
    }

    fn missing_comma(&self, at: u32, span: Span) -> Diagnostic {
        let found = shortened(self.slice(span));
        self.error(Code::P0103, span, format!("expected `,`, found `{found}`"))
            .with_help("the parts of a list are separated by commas")
            .with_fix("insert `,`", self.insert(at, ","))
    }

    fn limit(&self, kind: SyntaxErrorKind, span: Span) -> Diagnostic {
        match kind {
            SyntaxErrorKind::TooManyErrors => self
                .error(Code::P0107, span, "too many errors; those after this place are not shown")
                .with_help("fix the first ones and check again"),
            _ => self
                .error(Code::P0106, span, "this is nested too deeply")
                .with_label("the part behind this is not read")
                .with_help("give inner parts a name of their own, with `let` or a function"),
        }
    }

    fn misplaced_level(&self, span: Span) -> Diagnostic {
        let word = self.slice(span);
        self.error(Code::P0121, span, format!("`{word}` stands behind no confidence"))
            .with_help(format!("a level follows `~> k` or `~>= k`: `value ~> 0.9 {word}`"))
            .with_fix(format!("delete `{word}`"), self.replace(span, ""))
    }

    fn needs_parens(&self, kind: SyntaxErrorKind, span: Span) -> Diagnostic {
        let (code, message, label, help) = match kind {
            SyntaxErrorKind::PipeInArrow => (
                Code::P0109,
                "a pipeline in the body of an arrow needs parentheses",
                "is this the body, or is the arrow meant to be piped?",
                "put the body in `( )`",
            ),
            SyntaxErrorKind::ObjectBody => (
                Code::P0110,
                "an object as the body of an arrow needs parentheses",
                "read as a block without them",
                "put the object in `( )`",
            ),
            _ => (
                Code::P0108,
                "the confidence after `~>` is a single operand",
                "more than one operand",
                "put the confidence in `( )`",
            ),
        };
        self.error(code, span, message)
            .with_label(label)
            .with_help(help)
            .with_fix("add parentheses", self.wrap(span))
    }

    fn statement_error(&self, kind: SyntaxErrorKind, span: Span) -> Diagnostic {
        match kind {
            SyntaxErrorKind::BadAssignTarget => self
                .error(
                    Code::P0111,
                    span,
                    "expected something to assign to, found another expression",
                )
                .with_label("not a variable, a member or an element")
                .with_help("for a comparison write `==`"),
            SyntaxErrorKind::AssignInExpression(place) => self.assignment(place, span),
            SyntaxErrorKind::AssignInArrow => self
                .error(Code::P0112, span, "an assignment as the body of an arrow needs braces")
                .with_help("put it in `{ }`")
                .with_fix("add braces", self.around(span, "{ ", " }")),
            SyntaxErrorKind::DuplicateBranch(_) => self
                .error(Code::P0113, span, format!("a second branch `{}`", self.slice(span)))
                .with_help("each band has one branch"),
            SyntaxErrorKind::EmptyInterpolation | SyntaxErrorKind::EmptyParens => {
                let found = self.slice(span);
                self.error(Code::P0114, span, format!("expected an expression in `{found}`"))
            }
            SyntaxErrorKind::MissingInit => self
                .error(
                    Code::P0115,
                    span,
                    format!("expected a value for `{}`", shortened(self.slice(span))),
                )
                .with_help("`const` and patterns need `= value`"),
            SyntaxErrorKind::ImportNothing => self
                .error(Code::P0116, span, "expected what to import before `from`")
                .with_help("write `import { name } from \"module\"`"),
            SyntaxErrorKind::BareCatch => {
                let name = self.slice(span);
                self.error(Code::P0101, span, format!("expected `(` or `{{`, found `{name}`"))
                    .with_help(format!("what was thrown stands in parentheses: `catch ({name})`"))
                    .with_fix("add parentheses", self.wrap(span))
            }
            SyntaxErrorKind::DeclaredAsValue => {
                let spaced = self.with_space(span);
                self.error(Code::P0101, span, "expected `{`, found `=`")
                    .with_help(
                        "a declaration has its parts right behind its name: `agent Name { … }`",
                    )
                    .with_fix("delete `=`", self.replace(spaced, ""))
            }
            SyntaxErrorKind::FunctionWithoutName => self
                .error(Code::P0117, span, "expected a function name after `function`")
                .with_help("a function without a name is an arrow: `x => …` or `(a, b) => { … }`"),
            SyntaxErrorKind::TryAlone => self.error(
                Code::P0118,
                span,
                "expected `catch` or `finally` after the block of `try`",
            ),
            SyntaxErrorKind::RestNotLast => self
                .error(Code::P0119, span, "`...` stands before something else")
                .with_help("the rest comes last"),
            _ => self.error(Code::P0120, span, "expected a declaration to export").with_help(
                "export `let`, `const`, a function, a type, or a list of names in `{ }`",
            ),
        }
    }

    fn assignment(&self, place: AssignPlace, span: Span) -> Diagnostic {
        let diagnostic =
            self.error(Code::P0112, span, "an assignment cannot stand inside an expression");
        let is_plain = self.slice(span) == "=";
        match place {
            AssignPlace::Condition if is_plain => diagnostic
                .with_help("for a comparison write `==`")
                .with_fix("compare with `==`", self.replace(span, "==")),
            AssignPlace::Object => {
                let before = self.text[..span.start as usize].trim_end().len() as u32;
                diagnostic
                    .with_help("a key and its value stand as `key: value`")
                    .with_fix("write `:`", self.replace(Span::new(before, span.end), ":"))
            }
            AssignPlace::Args if is_plain => diagnostic.with_help(
                "an argument is named with `:`, as in `f(name: value)`; for a comparison write `==`",
            ),
            AssignPlace::Condition | AssignPlace::Args | AssignPlace::Other => diagnostic
                .with_help("assign on a line of its own; for a comparison write `==`"),
        }
    }

    fn misspelt(&self, meant: &str, span: Span) -> Diagnostic {
        let word = self.slice(span);
        self.error(Code::P0143, span, format!("there is no `{word}` here"))
            .with_label(format!("did you mean `{meant}`?"))
            .with_fix(format!("write `{meant}`"), self.replace(span, meant))
    }

    fn wrong_mark(&self, mark: &str, span: Span) -> Diagnostic {
        let found = self.slice(span);
        let before = &self.text[..span.start as usize];
        let start = before.trim_end_matches([' ', '\t']).len() as u32;
        if mark.is_empty() {
            let message = format!("expected `{{`, found `{found}`");
            return self
                .error(Code::P0101, span, message)
                .with_help("a branch is `high { … }` or `high -> value`")
                .with_fix(
                    format!("delete `{found}`"),
                    self.replace(self.with_space(Span::new(start, span.end)), " "),
                );
        }
        let message = format!("expected `{mark}`, found `{found}`");
        let diagnostic = self.error(Code::P0101, span, message);
        let (help, span, insert) = match mark {
            "->" => ("a branch is `high { … }` or `high -> value`", span, mark),
            "=>" if before.trim_end().ends_with(')') => {
                ("a clause is `effect.operation(value) => { … }`", span, mark)
            }
            "=>" => ("an arm is `pattern => value`", span, mark),
            ":" if found == "=>" => (
                "a case is `case 1: …`; `match` has arms `1 => …`",
                Span::new(start, span.end),
                mark,
            ),
            ":" => ("the type of the result stands behind a `:`", Span::new(start, span.end), mark),
            "!=" => ("unequal is `!=`", span, mark),
            _ => ("a variable is declared with `let`; `=` gives it a value", span, mark),
        };
        let rest = &self.text[span.end as usize..];
        let is_arrow = matches!(mark, "->" | "=>");
        let left = if is_arrow && start == span.start { " " } else { "" };
        let right = if is_arrow && !rest.starts_with([' ', '\t', '\n', '\r']) { " " } else { "" };
        diagnostic.with_help(help).with_fix(
            format!("write `{mark}`"),
            self.replace(span, &format!("{left}{insert}{right}")),
        )
    }

    /// A form of TypeScript's types that Prism does not have.
    fn type_form(&self, text: &str, span: Span) -> Diagnostic {
        let (what, help) = match text.split_whitespace().next().unwrap_or("") {
            "&" => ("no intersections of types", "write one object type with the fields of both"),
            "keyof" => ("no `keyof`", "name the keys: `\"a\" | \"b\"`; any key is a `string`"),
            "extends" => ("no bounds of type parameters", "a parameter stands for any type"),
            _ => ("no defaults of type parameters", "name the type where it is used"),
        };
        self.error(Code::P0142, span, format!("there are {what}").replace("are no `", "is no `"))
            .with_help(help)
    }

    /// What JavaScript has and Prism has not.
    fn habit(&self, kind: SyntaxErrorKind, span: Span) -> Diagnostic {
        let text = self.slice(span);
        match kind {
            SyntaxErrorKind::Regex => self.error(Code::P0130, span, "there are no regular expressions")
                .with_help("use the methods of strings: `includes`, `startsWith`, `split`, `replace`"),
            SyntaxErrorKind::Class => self.error(Code::P0131, span, "there are no classes")
                .with_help("write a function that returns an object: `function Point(x, y) { return {x, y} }`"),
            SyntaxErrorKind::Interface => self.error(Code::P0132, span, "there is no `interface`")
                .with_help("name an object type: `type Vote = { decision: string }`"),
            SyntaxErrorKind::Enum => self.error(Code::P0132, span, "there is no `enum`")
                .with_help("name a union of texts: `type Level = \"low\" | \"high\"`"),
            SyntaxErrorKind::New => {
                let rest = &self.text[span.end as usize..];
                let gap = rest.len() - rest.trim_start().len();
                let name = rest[gap..].split('(').next().unwrap_or_default().trim();
                let instead = match name {
                    "Date" => Some("the time is `time.now()`, in milliseconds"),
                    "Map" | "WeakMap" => Some("an object maps texts to values: `{}`"),
                    "Set" | "WeakSet" => Some("an array holds values, `includes` finds them: `[]`"),
                    "Promise" => Some("calls wait for their answers by themselves"),
                    "RegExp" => Some("use the methods of strings: `includes`, `split`, `replace`"),
                    _ => None,
                };
                let help = "functions make objects: call the function; `{}` and `[]` are values";
                let diagnostic = self
                    .error(Code::P0133, span, "there is no `new`")
                    .with_help(instead.unwrap_or(help));
                for (made, value) in EMPTY {
                    if rest[gap..].starts_with(made) {
                        let end = span.end as usize + gap + made.len();
                        let whole = Span::new(span.start, end as u32);
                        let title = format!("write `{value}`");
                        return diagnostic.with_fix(title, self.replace(whole, value));
                    }
                }
                if instead.is_some() {
                    return diagnostic;
                }
                let span_and_gap = Span::new(span.start, span.end + gap as u32);
                diagnostic.with_fix("delete `new`", self.replace(span_and_gap, ""))
            }
            SyntaxErrorKind::This => self.error(Code::P0134, span, "there is no `this`")
                .with_help("give the function the object as a parameter"),
            SyntaxErrorKind::Var => self.error(Code::P0135, span, "there is no `var`")
                .with_help("`let` declares a variable of its block")
                .with_fix("write `let`", self.replace(span, "let")),
            SyntaxErrorKind::Delete => self.error(Code::P0136, span, "there is no `delete`")
                .with_help("values do not change: make an object without the key, `let {k, ...rest} = o`"),
            SyntaxErrorKind::Void => self.error(Code::P0136, span, "there is no `void`")
                .with_help("write `null`"),
            SyntaxErrorKind::Label => self.label(text, span),
            SyntaxErrorKind::UpdateInExpression => self.error(Code::P0139, span, format!("`{}` stands inside an expression", shortened(text)))
                .with_help("count on a line of its own: `i += 1`"),
            SyntaxErrorKind::Cast => self
                .error(Code::P0140, span, format!("there are no type assertions such as `{text}`"))
                .with_help("declare the type where the value gets its name: `let x: T = …`")
                .with_fix("delete it", self.replace(span, "")),
            SyntaxErrorKind::ForeignWord => self.foreign_word(text, span),
            SyntaxErrorKind::TypeForm => self.type_form(text, span),
            SyntaxErrorKind::StringPrefix => self
                .error(Code::P0141, span, format!("there is no `{text}` before a string"))
                .with_help("a string takes values in by itself: `\"total: ${n}\"`"),
            SyntaxErrorKind::TripleQuotes => self.triple_quotes(text, span),
            _ => self.bit_operator(text, span),
        }
    }

    fn triple_quotes(&self, text: &str, span: Span) -> Diagnostic {
        let message = format!("there are no texts in `{}`", &text[..3]);
        let first = text.lines().next().map_or(0, str::len) as u32;
        let diagnostic = self
            .error(Code::P0141, Span::new(span.start, span.start + first), message)
            .with_help("text of several lines stands in backticks: `…`");
        // In backticks these mean something else than before.
        if text.contains(['`', '\\', '$']) {
            return diagnostic;
        }
        let quotes = [Span::new(span.start, span.start + 3), Span::new(span.end - 3, span.end)];
        let edits = quotes.iter().flat_map(|quotes| self.replace(*quotes, "`")).collect();
        diagnostic.with_fix("write backticks", edits)
    }

    /// Each with what says the same here.
    fn foreign_word(&self, word: &str, span: Span) -> Diagnostic {
        let no = |help: &str| {
            self.error(Code::P0141, span, format!("there is no `{word}`")).with_help(help)
        };
        let instead = |write: &str| {
            no(&format!("write `{write}`"))
                .with_fix(format!("write `{write}`"), self.replace(span, write))
        };
        match word {
            "context" => instead("in context"),
            "def" | "func" | "fun" | "sub" => self.foreign_function(word, span),
            "mut" if self.text[..span.start as usize].trim_end().ends_with("let") => {
                no("what `let` declares can be assigned to")
                    .with_fix("delete it", self.replace(self.with_space(span), ""))
            }
            _ if word.starts_with("from") => self.import_of_python(word, span),
            "and" => instead("&&"),
            "or" => instead("||"),
            "is" => instead("=="),
            "not" => self.not(span),
            "panic!" => instead("throw"),
            "format!" => no("a string takes values in by itself: `\"total: ${n}\"`"),
            "vec!" => no("a list is `[a, b]`").with_fix("delete it", self.replace(span, "")),
            _ if word.ends_with('!') => instead("print"),
            _ if word.starts_with("is") => instead("!="),
            _ if word.starts_with("lambda") => self.lambda(word, span),
            "elif" | "elseif" | "elsif" => instead("else if"),
            "foreach" => instead("for"),
            "then" => no("the body follows the condition: `if (c) { … }`")
                .with_fix("delete it", self.replace(self.with_space(span), "")),
            "case" => no("an arm is `pattern => value`")
                .with_fix("delete it", self.replace(self.with_space(span), "")),
            "else" => self
                .error(Code::P0141, span, "there is no `else` in a `match`")
                .with_help("what no other arm takes is `_ => …`")
                .with_fix("write `_`", self.replace(span, "_")),
            "mut" | "val" => instead("let"),
            "raise" => instead("throw"),
            "except" => instead("catch"),
            "unless" | "until" => no("turn the condition around with `!`"),
            "del" => no("an object without a key is `o.without(\"key\")`"),
            "defer" => no("what must happen in any case stands in `finally { … }`"),
            "*" | "yield" => {
                no("there are no generators: collect values in an array and return it")
            }
            "namespace" | "package" | "struct" | "using" => {
                no("a file is a module; data are objects, their types `type Name = { … }`")
            }
            _ => no("everything in a module can be used in it; `export` shows it to others")
                .with_fix("delete it", self.replace(span, "")),
        }
    }

    /// `func f(x) { … }` needs but another word.
    fn foreign_function(&self, word: &str, span: Span) -> Diagnostic {
        let diagnostic = self.error(Code::P0141, span, format!("there is no `{word}`")).with_help(
            "a function is `function name(a, b) { … }`, its value that of the last line",
        );
        let line = self.text[span.end as usize..].lines().next().unwrap_or("").trim_end();
        match line.contains('{') && !line.contains("->") {
            true => diagnostic.with_fix("write `function`", self.replace(span, "function")),
            false => diagnostic,
        }
    }

    /// `not x`; in Python `not a == b` denies the comparison, so only a single operand is certain.
    fn not(&self, span: Span) -> Diagnostic {
        let diagnostic =
            self.error(Code::P0141, span, "there is no `not`").with_help("the operator is `!`");
        let whole = self.with_space(span);
        let rest = &self.text[whole.end as usize..];
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let behind = rest.trim_start_matches(is_part).trim_start_matches([' ', '\t']);
        let ends = [")", "]", "}", "{", ",", ";", "\n", "\r", "&&", "||"];
        match behind.is_empty() || ends.iter().any(|end| behind.starts_with(end)) {
            true => diagnostic.with_fix("write `!`", self.replace(whole, "!")),
            false => diagnostic,
        }
    }

    /// `from "path" import a, b`
    fn import_of_python(&self, line: &str, span: Span) -> Diagnostic {
        let diagnostic = self.error(Code::P0141, span, "an import begins with `import`");
        let parts = line["from".len()..].rsplit_once(" import ");
        let Some((path, names)) = parts.map(|(path, names)| (path.trim(), names.trim())) else {
            return diagnostic.with_help("write `import { name } from \"./file\"`");
        };
        let written = match names {
            "*" => format!("import * as module from {path}"),
            _ if names.starts_with('{') => format!("import {names} from {path}"),
            _ => format!("import {{ {names} }} from {path}"),
        };
        diagnostic
            .with_help(format!("write `{written}`"))
            .with_fix("turn it around", self.replace(span, &written))
    }

    /// `lambda x, y:`
    fn lambda(&self, head: &str, span: Span) -> Diagnostic {
        let diagnostic = self
            .error(Code::P0141, span, "there is no `lambda`")
            .with_help("a function without a name is `x => …`");
        let Some(params) = head["lambda".len()..].trim().strip_suffix(':') else {
            return diagnostic;
        };
        let params = params.trim();
        let arrow = match params.contains(',') || params.is_empty() {
            true => format!("({params}) =>"),
            false => format!("{params} =>"),
        };
        diagnostic.with_fix("write an arrow", self.replace(span, &arrow))
    }

    /// Only a label that nothing jumps to can go without a change of meaning.
    fn label(&self, text: &str, span: Span) -> Diagnostic {
        let diagnostic = self
            .error(Code::P0137, span, "there are no labels")
            .with_help("put the inner loop in a function and leave it with `return`");
        let Some(name) = text.strip_suffix(':').map(str::trim) else { return diagnostic };
        let jumps = ["break", "continue"].map(|word| format!("{word} {name}"));
        if jumps.iter().any(|jump| self.text.contains(jump.as_str())) {
            return diagnostic;
        }
        diagnostic.with_fix("delete the label", self.replace(span, ""))
    }

    fn bit_operator(&self, text: &str, span: Span) -> Diagnostic {
        let message = format!("there are no bit operators such as `{text}`");
        let diagnostic = self.error(Code::P0138, span, message);
        let doubled = match text {
            "&" => "&&",
            "|" => "||",
            _ => return diagnostic.with_help("compute with `*`, `/`, `%` and `Math.floor`"),
        };
        diagnostic
            .with_help(format!("the logical operator is `{doubled}`"))
            .with_fix(format!("write `{doubled}`"), self.replace(span, doubled))
    }
}

/// What JavaScript makes with `new`, and the value that takes its place.
const EMPTY: &[(&str, &str)] =
    &[("Map()", "{}"), ("Object()", "{}"), ("Set()", "[]"), ("Array()", "[]")];

/// The first words of a text, on one line.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(24) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}
