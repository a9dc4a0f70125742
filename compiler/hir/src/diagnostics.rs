//! The words for every [`ProblemKind`].

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_source::{Db, PRELUDE, SourceFile};
use prism_span::{RelSpan, Span};

use crate::body::Text;
use crate::exports::resolve_export;
use crate::item::{Item, Layout};
use crate::problem::{Constant, NoModule, NotAValue, Problem, ProblemKind};
use crate::queries::{body_problems, file_problems, syntax};

/// What is wrong with the declarations and the header of a file.
pub fn file_diagnostics(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let words = Words { db, file, layout: &Layout::at(0) };
    file_problems(db, file).iter().map(|problem| words.diagnostic(problem)).collect()
}

/// What name resolution found wrong in a body.
pub fn body_diagnostics<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Diagnostic> {
    let words = Words { db, file: item.file(db), layout: item.layout(db) };
    body_problems(db, item).iter().map(|problem| words.diagnostic(problem)).collect()
}

struct Words<'a> {
    db: &'a dyn Db,
    file: SourceFile,
    layout: &'a Layout,
}

impl Words<'_> {
    fn place(&self, span: RelSpan) -> Place {
        Place::new(self.file.id(self.db), self.layout.absolute(span))
    }

    fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let at = self.place(problem.at);
        let error = |code, message: String| Diagnostic::new(code, at, message);
        match &problem.kind {
            ProblemKind::UndefinedName { name, nearest, may_throw } => {
                let message = format!("`{name}` is not defined");
                let diagnostic = match may_throw {
                    true => Diagnostic::warning(Code::P0501, at, message)
                        .with_help("evaluating it throws, and the `catch` takes over"),
                    false => error(Code::P0501, message),
                };
                match self.import_of(name) {
                    Some(module) => {
                        let (line, at) = self.import_line(name, &module);
                        diagnostic
                            .with_help(format!("\"{module}\" has it"))
                            .with_fix("import it", vec![Edit::insert(at.file, at.span.start, line)])
                    }
                    None => undefined(diagnostic, at, name, nearest),
                }
            }
            ProblemKind::Duplicate { name, first } => {
                error(Code::P0502, format!("`{name}` is declared twice in the same scope"))
                    .with_place(self.place(*first), "the first declaration")
                    .with_help("rename one of them, or assign without declaring: `name = value`")
            }
            ProblemKind::NoExport { module, name, nearest } => {
                let message = format!("module \"{module}\" has no export named `{name}`");
                let diagnostic = mended(error(Code::P0503, message), at, nearest);
                match &**name {
                    "default" => diagnostic.with_help(
                        "names are imported in braces, `import { name } from …`, and a module as a \
                         whole with `import * as name from …`",
                    ),
                    _ => diagnostic,
                }
            }
            ProblemKind::NoModule { specifier, reason, nearest } => {
                no_module(at, specifier, *reason, nearest)
            }
            ProblemKind::AssignToConstant { name, what, keyword } => {
                self.constant(at, name, *what, *keyword)
            }
            ProblemKind::UsedBeforeDeclaration { name, declared } => {
                error(Code::P0506, format!("`{name}` is used before its declaration"))
                    .with_place(self.place(*declared), "declared here")
            }
            ProblemKind::NoMember { of, member, nearest } => {
                mended(error(Code::P0507, format!("`{of}` has no member `{member}`")), at, nearest)
            }
            ProblemKind::NoEffect { name, nearest } => {
                mended(error(Code::P0507, format!("there is no effect `{name}`")), at, nearest)
            }
            ProblemKind::NoOperation { effect } => {
                error(Code::P0507, format!("name an operation of `{effect}`"))
                    .with_help(format!("write `{effect}.operation(value) => …`"))
            }
            ProblemKind::ReturnOutside
            | ProblemKind::BreakOutside
            | ProblemKind::ContinueOutside
            | ProblemKind::ResumeOutside
            | ProblemKind::ResumeInFunction => control(at, &problem.kind),
            ProblemKind::BoundOutOfRange { value } => {
                let message = format!("a confidence is between 0 and 1, found {}", value.value());
                error(Code::P0401, message).with_help("no value is as sure as that")
            }
            ProblemKind::UnknownType { name, nearest } => {
                mended(error(Code::P0512, format!("there is no type `{name}`")), at, nearest)
            }
            ProblemKind::TypeOfItself { name, by_way_of } => {
                let message = match &**by_way_of {
                    [] => format!("the type `{name}` stands for itself"),
                    others => format!(
                        "the type `{name}` stands for itself, by way of `{}`",
                        others.join("` and `")
                    ),
                };
                error(Code::P0525, message).with_help(format!(
                    "a type may hold itself in an object or an array: `{{ inner?: {name} }}`, `{name}[]`"
                ))
            }
            ProblemKind::TypeArguments { name, given, wanted } => {
                let message = match wanted {
                    0 => format!("the type `{name}` takes no types, found {given}"),
                    1 => format!("the type `{name}` takes one type, found {given}"),
                    _ => format!("the type `{name}` takes {wanted} types, found {given}"),
                };
                error(Code::P0526, message)
            }
            ProblemKind::UnknownLevel { name, nearest } => {
                let diagnostic = error(Code::P0416, format!("no answer is `{name}`")).with_help(
                    "an agent's answers are \"verified\", \"reviewed\", \"sampled\" or \"reported\"",
                );
                match nearest {
                    Some(nearest) => diagnostic.with_fix(
                        format!("write `{nearest}`"),
                        vec![Edit::replace(at, format!("\"{nearest}\""))],
                    ),
                    None => diagnostic,
                }
            }
            ProblemKind::NotAPlace => {
                let message = "only a variable, a member or an element of one can be assigned";
                error(Code::P0514, message.into())
                    .with_help("put the value into a variable first, then change that")
            }
            ProblemKind::LiteralBound => {
                let message = "a literal is no variable: nothing can be bound to it";
                error(Code::P0514, message.into())
                    .with_help("write a name here; an arm of `match` can ask for a literal")
            }
            ProblemKind::LevelInGate => {
                error(Code::P0121, "a gate asks for a bound, not for a level".into())
                    .with_help("a level is asked for in a type: `any ~>= 0.9 verified`")
                    .with_fix("delete the level", vec![Edit::replace(at, String::new())])
            }
            ProblemKind::StageWithoutValue => {
                let message = "this stage of the pipeline does not use the value";
                error(Code::P0515, message.into()).with_help("write `_` where the value belongs")
            }
            ProblemKind::PlaceholderOutside => {
                error(Code::P0516, "`_` has a value only in a stage of a pipeline".into())
                    .with_help("write `x |> f(_)`, or name the value")
            }
            ProblemKind::NoArms => error(Code::P0517, "this `match` has no arms".into())
                .with_help("add one: `_ => null` takes everything"),
            ProblemKind::NotAValue { name, what } => not_a_value(at, name, *what),
            ProblemKind::UnknownBand { name } => {
                error(Code::P0519, format!("`{name}` is no limit of the bands"))
                    .with_help("the limits are `high` and `medium`: `{ high: 0.8, medium: 0.6 }`")
            }
            ProblemKind::BandsNotWritten { text } => {
                let value = text.trim_start_matches('.');
                let written = match value.parse::<f64>() {
                    Ok(_) => format!("{{ high: {value} }}"),
                    Err(_) => format!("{{ high: {value}.high, medium: {value}.medium }}"),
                };
                error(Code::P0519, "the limits of the bands are written out".to_owned())
                    .with_help(format!("write `{written}`"))
            }
            ProblemKind::TopLevelOnly { what } => {
                error(Code::P0520, format!("`{what}` stands at the top level of a module only"))
            }
            ProblemKind::ShadowsBuiltIn { name } => {
                let message = format!("`{name}` hides the built-in of the same name");
                Diagnostic::hint(Code::P0521, at, message)
            }
            ProblemKind::ExportUndeclared { name, nearest } => {
                let message = format!("`{name}` is exported but not declared");
                mended(error(Code::P0522, message), at, nearest)
            }
            ProblemKind::SpreadToEffect => {
                error(Code::P0523, "an effect takes its arguments one by one".into())
                    .with_help("pass the values by name or by position, without `...`")
            }
            ProblemKind::DefaultOfOperation => {
                let message = "the default of an operation's parameter is a literal";
                error(Code::P0306, message.into())
                    .with_help("write `name?` here, and `name = …` in the clause that answers")
            }
            ProblemKind::ExportTwice { name } => {
                error(Code::P0524, format!("`{name}` is exported twice"))
            }
            ProblemKind::HeaderJson { key, error: reason } => {
                error(Code::P0601, format!("the value of `@{key}` is not JSON: {reason}"))
            }
            ProblemKind::HeaderKey { key, nearest } => {
                let message = format!("`@{key}` is not a key of the header");
                let nearest = nearest.as_ref().map(|nearest| format!("@{nearest}").into());
                mended(Diagnostic::warning(Code::P0602, at, message), at, &nearest)
            }
            ProblemKind::HeaderPart { key, of, nearest } => {
                let message = format!("`{key}` is not a key of `@{of}`");
                mended(Diagnostic::warning(Code::P0602, at, message), at, nearest)
            }
            ProblemKind::HeaderValue { key, expected } => {
                error(Code::P0603, format!("`@{key}` needs {expected}"))
            }
            ProblemKind::HeaderSchedule { what } => error(Code::P0605, what.to_string()),
            ProblemKind::HeaderTwice { key } => {
                let message = format!("`@{key}` is written twice; the first one counts");
                Diagnostic::warning(Code::P0604, at, message)
            }
        }
    }

    /// The module of the standard library that exports a name.
    fn import_of(&self, name: &Text) -> Option<Text> {
        let files = self.db.files().by_path(self.db);
        let public = files.iter().filter(|(path, _)| {
            let name = path.strip_prefix("@prism/");
            name.is_some_and(|name| !name.contains('/')) && &***path != PRELUDE
        });
        let mut exporting = public
            .filter(|(_, file)| resolve_export(self.db, **file, name).is_some())
            .map(|(path, _)| path.clone());
        exporting.next()
    }

    /// The statement that imports a name, and where it belongs: before the first statement.
    fn import_line(&self, name: &str, module: &str) -> (String, Place) {
        let tree = syntax(self.db, self.file);
        let first = tree.ast.root_stmts().first().map_or(0, |stmt| tree.ast[*stmt].span.start);
        let place = Place::new(self.file.id(self.db), Span::empty(first));
        (format!("import {{ {name} }} from \"{module}\"\n"), place)
    }

    fn constant(
        &self,
        at: Place,
        name: &str,
        what: Constant,
        keyword: Option<RelSpan>,
    ) -> Diagnostic {
        let error = |message: String| Diagnostic::new(Code::P0505, at, message);
        match what {
            Constant::Const => {
                let diagnostic = error(format!("cannot assign to `{name}`, a constant"));
                match keyword {
                    Some(keyword) => {
                        let keyword = self.place(keyword);
                        diagnostic
                            .with_place(keyword, "declared as a constant here")
                            .with_fix("make it a variable", vec![Edit::replace(keyword, "let")])
                    }
                    None => diagnostic.with_help(format!("declare it with `let {name}`")),
                }
            }
            Constant::Function => error(format!("cannot assign to the function `{name}`")),
            Constant::Import => error(format!("cannot assign to `{name}`, which is imported"))
                .with_help("copy it into a variable of this module"),
            Constant::Agent => error(format!("cannot assign to the agent `{name}`")),
        }
    }
}

/// Adds the name that was probably meant, as a fix.
fn mended(diagnostic: Diagnostic, at: Place, nearest: &Option<Text>) -> Diagnostic {
    match nearest {
        Some(nearest) => diagnostic
            .with_label(format!("did you mean `{nearest}`?"))
            .with_fix(format!("write `{nearest}`"), vec![Edit::replace(at, &**nearest)]),
        None => diagnostic,
    }
}

/// Habits from other languages; for them a name that only looks alike is no help.
fn undefined(diagnostic: Diagnostic, at: Place, name: &str, nearest: &Option<Text>) -> Diagnostic {
    let instead = match name {
        "None" | "nil" | "NULL" | "Null" => Some("null"),
        "True" => Some("true"),
        "False" => Some("false"),
        "str" => Some("String"),
        "float" => Some("Number"),
        "bool" => Some("Boolean"),
        _ => None,
    };
    if let Some(instead) = instead {
        return mended(diagnostic, at, &Some(instead.into()));
    }
    let help = match name {
        "len" => "the length of a list or a text is `xs.length`",
        "int" => "`Number(text)` reads a number; `Math.trunc(n)` leaves out its fraction",
        "range" => {
            "count with `for (let i = 0; i < n; i++)`, or `Array.from({ length: n }, (x, i) => i)`"
        }
        "arguments" => "name the parameters; any number of them is `function f(...rest)`",
        "resume" => "call it where it stands: `resume(value)`",
        "not" => "the operator is `!`",
        "self" => "there are no classes; pass the object as a parameter",
        "this" => "there are no classes; pass the object as a parameter",
        "require" | "module" | "exports" => "use `import { name } from \"./file\"`",
        "setTimeout" | "setInterval" => "use `sleep(milliseconds)`, or `time.sleep`",
        "fetch" => "use `http.get(url)`",
        "process" => "a program gets its data from `input`",
        "Map" | "Set" => "use an object, or an array",
        "alert" => "use `print`",
        _ => return mended(diagnostic, at, nearest),
    };
    diagnostic.with_help(help)
}

fn no_module(at: Place, specifier: &str, reason: NoModule, nearest: &Option<Text>) -> Diagnostic {
    let message = match reason {
        NoModule::File => format!("cannot find \"{specifier}\""),
        NoModule::Std => format!("the standard library has no module \"{specifier}\""),
        NoModule::Bare => format!("\"{specifier}\" is not a path"),
    };
    let diagnostic = Diagnostic::new(Code::P0504, at, message);
    match (nearest, reason) {
        (Some(nearest), _) => {
            diagnostic.with_label(format!("did you mean \"{nearest}\"?")).with_fix(
                format!("import \"{nearest}\""),
                vec![Edit::replace(at, format!("\"{nearest}\""))],
            )
        }
        (None, NoModule::Bare) => diagnostic
            .with_help("a file starts with `./` or `../`, the standard library with `@prism/`"),
        (None, NoModule::File | NoModule::Std) => diagnostic,
    }
}

fn control(at: Place, kind: &ProblemKind) -> Diagnostic {
    let (code, message, help) = match kind {
        ProblemKind::ReturnOutside => (
            Code::P0509,
            "`return` stands outside of a function",
            "the value of the last statement is the result of the program",
        ),
        ProblemKind::BreakOutside => {
            (Code::P0510, "`break` stands outside of a loop", "leave a function with `return`")
        }
        ProblemKind::ContinueOutside => {
            (Code::P0510, "`continue` stands outside of a loop", "leave a function with `return`")
        }
        ProblemKind::ResumeInFunction => (
            Code::P0511,
            "`resume` stands in a function inside the clause",
            "call it in the clause itself",
        ),
        _ => (
            Code::P0511,
            "`resume` stands outside of a handler clause",
            "write it in `handle { … } with { effect.operation(x) => resume(value) }`",
        ),
    };
    Diagnostic::new(code, at, message).with_help(help)
}

fn not_a_value(at: Place, name: &str, what: NotAValue) -> Diagnostic {
    let (message, help) = match what {
        NotAValue::Effect => (
            format!("`{name}` is an effect, not a value"),
            format!("perform one of its operations: `{name}.operation(…)`"),
        ),
        NotAValue::BuiltInNamespace => {
            (format!("`{name}` is not a value"), format!("use one of its members: `{name}.member`"))
        }
        NotAValue::Type => (
            format!("`{name}` is a type, not a value"),
            "types stand after `:` and in `type`".to_owned(),
        ),
    };
    Diagnostic::new(Code::P0518, at, message).with_help(help)
}
