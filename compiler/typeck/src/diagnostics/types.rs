//! The words for P02xx: types and arguments.

use prism_diagnostics::{Code, Diagnostic, Edit, Place};
use prism_hir::body::{BinaryOp, Element, ExprId, ExprKind, Field, UnaryOp};
use prism_span::Span;

use super::confidence::origin_words;
use super::{Words, callee, counted, error, mended, target};
use crate::builtins::Wanted;
use crate::confidence::Level;
use crate::errors::{Callee, NullUse, ProblemKind, Site, Target};
use crate::types::{Fact, Kinds, Mismatch, Reason, Text, Type, TypeId};

impl Words<'_> {
    pub(super) fn of_type(&self, site: Site, at: Place, kind: &ProblemKind) -> Diagnostic {
        match kind {
            ProblemKind::Mismatch { mismatch, target } => self.mismatch(site, at, mismatch, target),
            ProblemKind::WrongArgument { callee: called, wanted, ty } => {
                let (wanted, help) = match wanted {
                    Wanted::Number => ("a number", "`Number(x)` reads a number from a text"),
                    Wanted::Text => ("a text", "`String(x)` gives the text of a value"),
                    Wanted::Object => ("an object", "objects and arrays have keys"),
                };
                let (called, found) = (callee(called), self.ty(*ty));
                let message = format!("{called} takes {wanted}, found `{found}`");
                error(Code::P0201, at, message).with_help(help)
            }
            ProblemKind::ClauseTakesMore { operation, given, taken } => {
                let given = counted(*given, "argument");
                let message = format!("`{operation}` has {given}, and this clause takes {taken}");
                error(Code::P0203, at, message)
            }
            ProblemKind::NotCallable { ty } => {
                let message = format!("{} is not a function", self.value_of(site, *ty));
                let diagnostic = error(Code::P0202, at, message);
                let diagnostic = self.with_declaration(diagnostic, site);
                if *ty != TypeId::AGENT {
                    return diagnostic;
                }
                let name = self.source(at);
                let edit = Edit::insert(self.file, at.span.end, ".call");
                diagnostic
                    .with_help(format!("an agent is asked with `{name}.call(task)`"))
                    .with_fix("ask the agent", vec![edit])
            }
            ProblemKind::WrongArity { callee: called, given, min, max, missing } => {
                let missing = missing.as_deref().map(|name| format!(": `{name}` is missing"));
                let message = format!(
                    "{} takes {}, but gets {given}{}",
                    callee(called),
                    expected_arguments(*min, *max),
                    missing.unwrap_or_default()
                );
                self.with_head(error(Code::P0203, at, message), called)
            }
            ProblemKind::UnknownArgument { callee: called, name, nearest } => {
                let message = format!("{} has no parameter `{name}`", callee(called));
                let diagnostic = self.with_head(error(Code::P0213, at, message), called);
                self.at_name_before(diagnostic, at, name, nearest.as_deref())
            }
            ProblemKind::BadOperands { op, left, right } => self.operands(at, *op, *left, *right),
            ProblemKind::BadOperand { op, ty } => {
                let op = unary_symbol(*op);
                let message = format!("`{op}` needs a number, found `{}`", self.ty(*ty));
                error(Code::P0204, at, message)
            }
            ProblemKind::MissingMember { name, of, nearest, is_method } => {
                let nearest = nearest.as_deref();
                self.missing_member(site, at, name, *of, (nearest, *is_method))
            }
            ProblemKind::UpdatesConstant { method, root } => {
                self.updates_constant(at, method, *root)
            }
            ProblemKind::TwoInOne { method, place } => self.two_in_one(at, method, *place),
            ProblemKind::MayBeNull { ty, used } => self.may_be_null(site, at, *ty, *used),
            ProblemKind::MayBeOther { ty, part, member } => {
                self.may_be_other(site, at, *ty, *part, member.as_deref())
            }
            ProblemKind::MayBeMissing { name } => self.may_be_missing(at, name),
            ProblemKind::CannotSetMember { name, of } => {
                let message = format!("`{name}` of `{}` cannot be set", self.ty(*of));
                let diagnostic = error(Code::P0205, self.name_in(site, at, name), message);
                match &**name {
                    "length" => diagnostic.with_help(
                        "give the variable another value, such as `[]` or `x.slice(0, n)`",
                    ),
                    _ => diagnostic.with_help("an object has keys of its own: `{ … }`"),
                }
            }
            ProblemKind::NotIndexable { of, key } => {
                let message = format!("{} has no elements", self.value_of(site, *of));
                let diagnostic = self.with_declaration(error(Code::P0206, at, message), site);
                match self.is_text(*of) {
                    true => self.with_character(diagnostic, at, *key),
                    false => diagnostic,
                }
            }
            ProblemKind::IndexOutOfRange { index, length } => {
                let message = format!(
                    "index {} is outside of an array of {}",
                    index.value(),
                    counted(*length, "element")
                );
                let diagnostic = error(Code::P0207, at, message);
                match length.checked_sub(1) {
                    Some(last) => diagnostic.with_help(format!("the last index is {last}")),
                    None => diagnostic,
                }
            }
            ProblemKind::CannotDestructure { ty, as_array } => {
                let wanted = if *as_array { "an array" } else { "an object" };
                let message = format!("expected {wanted} to take apart, found `{}`", self.ty(*ty));
                let diagnostic = error(Code::P0208, at, message);
                match *as_array && self.is_text(*ty) {
                    true => diagnostic.with_help("`text.split(\"\")` gives its characters"),
                    false => diagnostic,
                }
            }
            ProblemKind::CannotSpread { ty } => {
                let message = format!("cannot spread `{}`", self.ty(*ty));
                error(Code::P0209, at, message)
                    .with_help("`[...x]` takes an array apart, and `{ ...x }` an object")
            }
            ProblemKind::CannotIterate { ty } => {
                let message = format!("cannot loop over `{}`", self.ty(*ty));
                error(Code::P0210, at, message)
                    .with_help("`for … in` takes an array or an object; count with `for let i = 0; i < n; i = i + 1`")
            }
            ProblemKind::UnknownTypeName { name, nearest } => {
                let message = format!("`instanceof` knows no type \"{name}\"");
                let quoted = nearest.as_ref().map(|nearest| format!("\"{nearest}\""));
                mended(error(Code::P0211, at, message), at, quoted.as_deref())
            }
            ProblemKind::DivisionByZero { is_remainder } => {
                let what = if *is_remainder { "remainder of a division" } else { "division" };
                error(Code::P0212, at, format!("{what} by zero"))
            }
            ProblemKind::NotExhaustive { missing } => {
                let missing: Vec<String> =
                    missing.iter().map(|ty| format!("`{}`", self.ty(*ty))).collect();
                let message = format!("this `match` has no arm for {}", missing.join(", "));
                Diagnostic::warning(Code::P0214, at, message)
                    .with_help("without an arm the result is null; add the cases, or `_ => …`")
            }
            ProblemKind::UnknownField { name, of, nearest } => {
                let message = format!("`{}` has no key `{name}`", self.ty(*of));
                let diagnostic = Diagnostic::warning(Code::P0215, at, message);
                self.at_name_before(diagnostic, at, name, Some(nearest))
            }
            ProblemKind::UndeclaredEffect { .. }
            | ProblemKind::UnhandledEffect { .. }
            | ProblemKind::UnknownEffect { .. }
            | ProblemKind::UnboundedAgentLoop { .. }
            | ProblemKind::SecretSeen { .. }
            | ProblemKind::ConfidenceOutOfRange { .. }
            | ProblemKind::ConfidenceNotNumber { .. }
            | ProblemKind::UncertainOnPlain
            | ProblemKind::TooUncertain { .. }
            | ProblemKind::TooUntrusted { .. }
            | ProblemKind::UndeclaredLevel { .. }
            | ProblemKind::RaisedByHand { .. }
            | ProblemKind::LeavesRange { .. }
            | ProblemKind::UncheckedDecision { .. }
            | ProblemKind::GateNeverPasses { .. }
            | ProblemKind::GateAlwaysPasses { .. }
            | ProblemKind::DeadBands { .. }
            | ProblemKind::MissingBands { .. }
            | ProblemKind::UnusedValue { .. }
            | ProblemKind::Unreachable { .. }
            | ProblemKind::UnreachableArm
            | ProblemKind::TakenBefore { .. }
            | ProblemKind::UnreadCopy { .. }
            | ProblemKind::NeverEqual { .. }
            | ProblemKind::UnboundedAgentRecursion { .. } => {
                unreachable!("chosen by `Words::diagnostic`")
            }
        }
    }

    fn mismatch(
        &self,
        site: Site,
        at: Place,
        mismatch: &Mismatch,
        given_to: &Target,
    ) -> Diagnostic {
        let outer = at;
        let (site, at) = self.innermost(site, at, mismatch);
        let inside = match mismatch.path.as_slice() {
            // The marked text is the part already.
            [] => String::new(),
            _ if at != outer => String::new(),
            path => format!(" in `{}`", path_text(path)),
        };
        let goes_to = target(given_to);
        let diagnostic = match &mismatch.reason {
            // What is wrong is the null among other things.
            Reason::Type { expected, found: TypeId::NULL } if self.is_perhaps_null(site) => {
                let found = self.known(site).map(|fact| self.ty(fact.ty)).unwrap_or_default();
                let expected = self.ty(*expected);
                let message = format!("expected `{expected}`{inside}, found `{found}`");
                error(Code::P0201, at, message).with_help(
                    "check it first (`if … != null { … }`), or write what stands for null: `?? …`",
                )
            }
            Reason::Type { expected, found: TypeId::NULL }
                if matches!((site, given_to), (Site::Stmt(_), Target::Result)) =>
            {
                let expected = self.ty(*expected);
                let message =
                    format!("the function can end here without a value: expected `{expected}`");
                error(Code::P0201, at, message)
                    .with_help("give one on every way, or write `| null` behind the type")
            }
            Reason::Type { expected, found } => {
                let (expected, found) = (self.ty(*expected), self.ty(*found));
                let message = format!("expected `{expected}`{inside}, found `{found}`");
                error(Code::P0201, at, message)
            }
            Reason::MissingField { name, of } => {
                let message = format!("the key `{name}` of `{}` is missing{inside}", self.ty(*of));
                error(Code::P0201, at, message)
            }
            Reason::Confidence { required, found } => {
                let message = format!(
                    "expected a confidence of at least {required}{inside}, found one from {found}"
                );
                error(Code::P0404, at, message)
            }
            Reason::Level { required, found } => {
                let message = format!(
                    "expected something {required}{inside}, found {}",
                    origin_words(*found)
                );
                error(Code::P0409, at, message)
            }
            Reason::DemandForgotten => {
                let message = format!(
                    "what this function demands of its arguments would be forgotten{inside}"
                );
                error(Code::P0412, at, message).with_help(
                    "say it in the type where the function goes: `(plan: any ~>= 0.9 verified) => any`",
                )
            }
            Reason::NeedsConfidence { param, required, level } if *level > Level::Unknown => {
                let param = param.as_deref().map(|name| format!(" for `{name}`"));
                let message = format!(
                    "this function needs something {level} of at least {required}{}, and may get less",
                    param.unwrap_or_default()
                );
                error(Code::P0409, at, message)
            }
            Reason::NeedsConfidence { param, required, .. } => {
                let param = param.as_deref().map(|name| format!(" for `{name}`"));
                let message = format!(
                    "this function needs a confidence of at least {required}{}, and may get less",
                    param.unwrap_or_default()
                );
                error(Code::P0404, at, message)
                    .with_help(format!("wrap it: `x => (<~ x >= {required}) ? … : …`"))
            }
            Reason::Params { expected, found } => {
                let message = format!(
                    "expected a function of at most {}{inside}, found one that needs {found}",
                    counted(*expected, "parameter")
                );
                error(Code::P0201, at, message)
            }
        };
        let diagnostic = diagnostic.with_label(format!("goes to {goes_to}"));
        self.with_declaration(diagnostic, site)
    }

    /// The part of a literal that does not fit, where the text has it.
    fn innermost(&self, site: Site, at: Place, mismatch: &Mismatch) -> (Site, Place) {
        let Site::Expr(expr) = site else { return (site, at) };
        match self.part_of(expr, &mismatch.path, &mismatch.reason) {
            Some(part) => (part.into(), self.expr(part)),
            None => (site, at),
        }
    }

    /// What is known of the expression that a problem is about.
    fn known(&self, site: Site) -> Option<Fact> {
        site.expr().map(|expr| self.inference.expr(expr))
    }

    fn is_perhaps_null(&self, site: Site) -> bool {
        let known = self.known(site).map(|fact| self.inference.types.structure(fact.ty));
        matches!(known, Some(Type::Union(members)) if members.contains(&TypeId::NULL))
    }

    fn part_of(&self, expr: ExprId, path: &[Text], reason: &Reason) -> Option<ExprId> {
        let Some((step, rest)) = path.split_first() else {
            let found = self.inference.expr(expr);
            let is_it = match reason {
                Reason::Type { found: ty, .. } => found.ty == *ty,
                Reason::Confidence { found: low, .. } => found.confidence.low == *low,
                Reason::Level { found: level, .. } => {
                    self.inference.types.whole(found).level == *level
                }
                Reason::MissingField { .. }
                | Reason::DemandForgotten
                | Reason::Params { .. }
                | Reason::NeedsConfidence { .. } => true,
            };
            return is_it.then_some(expr);
        };
        match &self.body.exprs[expr].kind {
            ExprKind::Array(elements) if &**step == "[]" => {
                elements.iter().find_map(|element| match element {
                    Element::Expr(element) => self.part_of(*element, rest, reason),
                    Element::Spread(_) => None,
                })
            }
            ExprKind::Object(fields) => fields.iter().find_map(|field| match field {
                Field::Named { name, value } if name == step => self.part_of(*value, rest, reason),
                Field::Named { .. } | Field::Computed { .. } | Field::Spread(_) => None,
            }),
            _ => None,
        }
    }

    /// Shows the head of the function that is called.
    fn with_head(&self, diagnostic: Diagnostic, called: &Callee) -> Diagnostic {
        let Callee::Function(name) = called else { return diagnostic };
        match (self.heads)(name) {
            Some(place) => diagnostic.with_place(place, format!("`{name}` is declared here")),
            None => diagnostic,
        }
    }

    fn operands(&self, at: Place, op: BinaryOp, left: TypeId, right: TypeId) -> Diagnostic {
        let symbol = binary_symbol(op);
        let (a, b) = (self.ty(left), self.ty(right));
        let message = format!("`{symbol}` cannot take `{a}` and `{b}`");
        let is_text = |id: TypeId| {
            let structure = self.inference.types.structure(id);
            matches!(structure, Type::Text | Type::TextLiteral(_))
        };
        let is_function =
            |id: TypeId| matches!(self.inference.types.structure(id), Type::Function(_));
        let help = match op {
            BinaryOp::Multiply if is_text(left) != is_text(right) => {
                "a text is repeated with `text.repeat(n)`; `Number(x)` reads a number from one"
            }
            BinaryOp::Remainder if is_text(left) => {
                "a text takes values in by itself: `\"total: ${n}\"`"
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual
                if is_function(left) || is_function(right) =>
            {
                "a function must be called; the confidence of a value is `<~ value`"
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                "two numbers or two texts can be ordered"
            }
            BinaryOp::Add => "`+` adds two numbers, and joins when one side is a text",
            BinaryOp::In => "`in` asks an object or an array for a key",
            BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::Power => "both sides must be numbers; `Number(x)` reads one from a text",
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Identical
            | BinaryOp::NotIdentical
            | BinaryOp::Instanceof => "",
        };
        let diagnostic = error(Code::P0204, at, message);
        if help.is_empty() { diagnostic } else { diagnostic.with_help(help) }
    }

    fn missing_member(
        &self,
        site: Site,
        at: Place,
        name: &str,
        of: TypeId,
        (nearest, is_method): (Option<&str>, bool),
    ) -> Diagnostic {
        let what = if is_method { "method" } else { "member" };
        let message = format!("`{}` has no {what} `{name}`", self.ty(of));
        let name_at = self.name_in(site, at, name);
        let diagnostic = error(Code::P0205, name_at, message);
        if is_method && ["then", "catch", "finally"].contains(&name) {
            return diagnostic.with_help(match name {
                "then" => {
                    "calls wait for their answers by themselves: go on with the value, \
                           `value |> next`, or in the next statement"
                }
                _ => "calls throw by themselves: write `try { … } catch (error) { … }`",
            });
        }
        match self.member_elsewhere(of, name) {
            Some(Elsewhere::Name(name)) => return mended(diagnostic, name_at, Some(name)),
            Some(Elsewhere::Help(help)) if nearest.is_none() => return diagnostic.with_help(help),
            Some(Elsewhere::Help(_)) | None => {}
        }
        let diagnostic = mended(diagnostic, name_at, nearest);
        let is_object = matches!(self.inference.types.structure(of), Type::Object(_));
        if is_object && nearest.is_none() && !is_method {
            return diagnostic.with_help(format!(
                "read it softly where it may be missing: `?.{name}` or `.{name} ?? …`"
            ));
        }
        diagnostic
    }

    /// What a member that other languages have is called here.
    fn member_elsewhere(&self, of: TypeId, name: &str) -> Option<Elsewhere> {
        let structure = self.inference.types.structure(of);
        let is_list = matches!(structure, Type::Array(_) | Type::Tuple(_));
        let is_text = matches!(structure, Type::Text | Type::TextLiteral(_));
        let is_object = matches!(structure, Type::Object(_));
        Some(match name {
            "append" | "push_back" if is_list => Elsewhere::Name("push"),
            "extend" if is_list => Elsewhere::Name("concat"),
            "size" | "len" | "count" if is_list || is_text => Elsewhere::Name("length"),
            "contains" | "has" if is_list || is_text => Elsewhere::Name("includes"),
            "strip" if is_text => Elsewhere::Name("trim"),
            "upper" if is_text => Elsewhere::Name("toUpperCase"),
            "lower" if is_text => Elsewhere::Name("toLowerCase"),
            "keys" | "values" if is_object => Elsewhere::Help(
                "the keys of an object are `Object.keys(o)`, its values `Object.values(o)`",
            ),
            "items" if is_object => {
                Elsewhere::Help("the pairs of an object are `Object.entries(o)`")
            }
            "get" => Elsewhere::Help("the value of a key is `o[key]`, or `o[key] ?? other`"),
            "confidence" => Elsewhere::Help("the confidence of a value is `<~ value`"),
            "value" => Elsewhere::Help("a value without its confidence is `value(x)`"),
            _ => return None,
        })
    }

    /// The name itself in `object.name` and `object.name(…)`.
    fn name_in(&self, site: Site, at: Place, name: &str) -> Place {
        let Site::Expr(expr) = site else { return at };
        let object = match &self.body.exprs[expr].kind {
            ExprKind::Member { object, .. } | ExprKind::MethodCall { object, .. } => *object,
            _ => return at,
        };
        let from = self.expr(object).span.end;
        let after = Span::new(from, at.span.end).slice(self.text);
        match after.find(name) {
            Some(offset) => {
                let start = from + offset as u32;
                Place::new(self.file, Span::new(start, start + name.len() as u32))
            }
            None => at,
        }
    }

    /// The `name:` of a named argument or of a key stands before its value.
    fn at_name_before(
        &self,
        diagnostic: Diagnostic,
        at: Place,
        name: &str,
        nearest: Option<&str>,
    ) -> Diagnostic {
        let before = self.text.get(..at.span.start as usize).unwrap_or("");
        let Some(start) = before.rfind(name) else { return mended(diagnostic, at, None) };
        let place = Place::new(self.file, Span::new(start as u32, (start + name.len()) as u32));
        mended(Diagnostic { place, ..diagnostic }, place, nearest)
    }

    /// "`x` of type `number`", or "`number`" for what is not a short expression.
    fn value_of(&self, site: Site, ty: TypeId) -> String {
        let quoted = if let Site::Expr(expr) = site { self.quoted(expr) } else { None };
        match quoted {
            Some(quoted) => format!("{quoted} of type `{}`", self.ty(ty)),
            None => format!("`{}`", self.ty(ty)),
        }
    }

    /// Shows what a variable holds where it was declared.
    fn with_declaration(&self, diagnostic: Diagnostic, site: Site) -> Diagnostic {
        let Site::Expr(expr) = site else { return diagnostic };
        let Some((local, place)) = self.declaration(expr) else { return diagnostic };
        let fact = self.fact(self.inference.local(local));
        let name = &self.body.locals[local].name;
        diagnostic.with_place(place, format!("`{name}` is `{fact}`"))
    }

    /// A use that null does not have: the edit that lets it be null.
    fn may_be_null(&self, site: Site, at: Place, ty: TypeId, used: NullUse) -> Diagnostic {
        let value = self.named(site);
        let message = format!("{value} may be null here");
        let diagnostic = error(Code::P0216, at, message).with_label(self.ty(ty));
        let (help, fix) = match used {
            NullUse::Member => {
                ("?.", self.dot_behind(at).map(|dot| Edit::insert(self.file, dot, "?")))
            }
            NullUse::Index | NullUse::Call => {
                ("?.", Some(Edit::insert(self.file, at.span.end, "?.")))
            }
            NullUse::Operand => {
                let text = self.source(at);
                ("?? 0", Some(Edit::replace(at, format!("({text} ?? 0)"))))
            }
        };
        let diagnostic = diagnostic
            .with_help(format!("check it first (`if … != null {{ … }}`), or write `{help}`"));
        match fix {
            Some(edit) => diagnostic.with_fix(format!("write `{help}`"), vec![edit]),
            None => diagnostic,
        }
    }

    fn is_text(&self, ty: TypeId) -> bool {
        self.inference.types.kinds(ty).is_within(Kinds::TEXT)
    }

    /// `text[i]` as it is written here.
    fn with_character(
        &self,
        diagnostic: Diagnostic,
        text: Place,
        key: Option<ExprId>,
    ) -> Diagnostic {
        let diagnostic = diagnostic.with_help("`text.at(i)` is the character at a place");
        let Some(key) = key.map(|key| self.expr(key).span) else { return diagnostic };
        let is = |from: u32, bracket: &str| {
            self.text.get(from as usize..).is_some_and(|rest| rest.starts_with(bracket))
        };
        if !is(text.span.end, "[") || text.span.end + 1 != key.start || !is(key.end, "]") {
            return diagnostic;
        }
        let edits = vec![
            Edit::replace(Place::new(self.file, Span::new(text.span.end, key.start)), ".at("),
            Edit::replace(Place::new(self.file, Span::new(key.end, key.end + 1)), ")"),
        ];
        diagnostic.with_fix("write `.at(…)`", edits)
    }

    fn may_be_other(
        &self,
        site: Site,
        at: Place,
        ty: TypeId,
        part: TypeId,
        member: Option<&str>,
    ) -> Diagnostic {
        let (value, part) = (self.named(site), self.ty(part));
        let (message, help) = match member {
            Some(member) => (
                format!("{value} may be `{part}` here, which has no member `{member}`"),
                "check it first: `typeof`, `==` or `match` tell the kinds apart",
            ),
            None => (
                format!("{value} may be `{part}` here, which is no number"),
                "check it first: `if (typeof … == \"number\") { … }`, or write `Number(…)`",
            ),
        };
        error(Code::P0218, at, message).with_label(self.ty(ty)).with_help(help)
    }

    fn may_be_missing(&self, at: Place, name: &str) -> Diagnostic {
        let message = format!("`{name}` may be missing here, which ends the run");
        let diagnostic = Diagnostic::warning(Code::P0217, at, message).with_help(format!(
            "`?.{name}` gives null then, and so does `.{name} ?? …`; `\"{name}\" in …` asks"
        ));
        let dot = (at.span.end as usize).checked_sub(name.len() + 1);
        match dot.filter(|dot| self.text.get(*dot..).is_some_and(|rest| rest.starts_with('.'))) {
            Some(dot) => {
                diagnostic.with_fix("write `?.`", vec![Edit::insert(self.file, dot as u32, "?")])
            }
            None => diagnostic,
        }
    }

    /// The `.` that follows a value.
    fn dot_behind(&self, at: Place) -> Option<u32> {
        let rest = self.text.get(at.span.end as usize..)?;
        let spaces = rest.len() - rest.trim_start().len();
        rest[spaces..].starts_with('.').then_some(at.span.end + spaces as u32)
    }
}

/// How a habit of another language is mended.
enum Elsewhere {
    /// Another name says the same.
    Name(&'static str),
    /// It is said in another way.
    Help(&'static str),
}

fn path_text(path: &[crate::types::Text]) -> String {
    let mut text = String::new();
    for step in path {
        if !text.is_empty() && &**step != "[]" {
            text.push('.');
        }
        text.push_str(step);
    }
    text
}

fn expected_arguments(min: usize, max: Option<usize>) -> String {
    match max {
        Some(max) if max == min => counted(min, "argument"),
        Some(max) => format!("{min} to {}", counted(max, "argument")),
        None => format!("at least {}", counted(min, "argument")),
    }
}

fn unary_symbol(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "!",
        UnaryOp::Negate => "-",
        UnaryOp::Plus => "+",
        UnaryOp::Confidence => "<~",
        UnaryOp::Typeof => "typeof",
    }
}

fn binary_symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
        BinaryOp::Power => "**",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Identical => "===",
        BinaryOp::NotIdentical => "!==",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Instanceof => "instanceof",
        BinaryOp::In => "in",
    }
}
