//! Text forms: interpolation, concatenation, `String(x)`, `print`.
//!
//! Numbers are JavaScript's shortest, texts bare, arrays `[a, b]`, objects `{ k: v }`, functions
//! `[Function: name]`, confident values `v (~85.0%)`, errors their message.

use crate::core::Core;
use crate::errors::Run;
use crate::heap::Other;
use crate::numbers::push_number;
use crate::value::{Tag, Value};

impl Core {
    /// The text form as a value.
    pub(crate) fn show_value(&mut self, value: Value) -> Run<Value> {
        if value.is_text() {
            return Ok(self.heap.share(value));
        }
        let mut out = String::new();
        self.show(value, &mut out)?;
        Ok(self.heap.new_text(out))
    }

    /// Appends the text form. Values may be nested to any depth and share parts, so the walk keeps
    /// its own stack, and asks for the memory that the text takes.
    pub(crate) fn show(&mut self, root: Value, out: &mut String) -> Run<()> {
        let mut open: Vec<(Value, usize)> = Vec::new();
        let mut next = Some(root);
        let mut asked = out.len();
        loop {
            if let Some(value) = next.take() {
                self.begin(value, out, &mut open);
            }
            if out.len() - asked > 4096 {
                self.heap.work((out.len() - asked) / 8)?;
                self.heap.ask(out.len())?;
                asked = out.len();
            }
            let Some((value, at)) = open.last_mut() else { return Ok(()) };
            let (value, place) = (*value, *at);
            *at += 1;
            next = self.part(value, place, out);
            if next.is_none() {
                open.pop();
            }
            if place.is_multiple_of(16) {
                self.heap.work(16)?;
            }
        }
    }

    /// Writes a leaf, or opens a value with parts.
    fn begin(&self, value: Value, out: &mut String, open: &mut Vec<(Value, usize)>) {
        match value.tag() {
            Tag::Number => push_number(out, value.raw()),
            Tag::Text => out.push_str(self.heap.str(value)),
            Tag::Array => {
                out.push('[');
                open.push((value, 0));
            }
            Tag::Object => match self.error_message(value) {
                Some(message) => open.push((message, usize::MAX / 2)),
                None => {
                    out.push('{');
                    open.push((value, 0));
                }
            },
            Tag::Confident => open.push((value, 0)),
            Tag::Simple | Tag::Closure | Tag::Other => self.show_leaf(value, out),
        }
    }

    /// The next part of an open value; `None` when it is complete, with its end written.
    fn part(&self, value: Value, at: usize, out: &mut String) -> Option<Value> {
        if at == usize::MAX / 2 {
            return Some(value);
        }
        match value.tag() {
            Tag::Array => {
                let Some(&item) = self.heap.arrays.get(value.index()).get(at) else {
                    out.push(']');
                    return None;
                };
                out.push_str(if at > 0 { ", " } else { "" });
                Some(item)
            }
            Tag::Object => {
                let n_fields = self.heap.n_fields(value);
                if at == n_fields {
                    out.push_str(if at > 0 { " }" } else { "}" });
                    return None;
                }
                out.push_str(if at > 0 { ", " } else { " " });
                out.push_str(self.heap.key(value, at));
                out.push_str(": ");
                Some(self.heap.object(value).field(at))
            }
            Tag::Confident => {
                let confident = self.heap.confidents.get(value.index());
                if at == 0 {
                    return Some(confident.value);
                }
                out.push_str(" (~");
                out.push_str(&to_fixed(confident.confidence * 100.0, 1));
                out.push_str("%)");
                None
            }
            Tag::Number | Tag::Text | Tag::Simple | Tag::Closure | Tag::Other => None,
        }
    }

    /// The message of an error object.
    fn error_message(&self, object: Value) -> Option<Value> {
        if self.heap.is_error(object) { self.heap.get_key(object, "message") } else { None }
    }

    fn show_leaf(&self, value: Value, out: &mut String) {
        match value {
            Value::NULL | Value::MISSING => return out.push_str("null"),
            Value::TRUE => return out.push_str("true"),
            Value::FALSE => return out.push_str("false"),
            _ => {}
        }
        match self.heap.other(value) {
            Some(Other::Agent(agent)) => {
                out.push_str("[Agent: ");
                out.push_str(&agent.name);
                out.push(']');
            }
            Some(Other::Fiber(_) | Other::Promise { .. }) => out.push_str("[Promise]"),
            Some(Other::Continuation(_)) => out.push_str("[Function: resume]"),
            Some(Other::Cell(_) | Other::Free) => out.push_str("null"),
            Some(Other::Bound { .. }) | None => {
                out.push_str("[Function: ");
                out.push_str(&self.callee_name(value));
                out.push(']');
            }
        }
    }

    /// The name of a function value, without the module and the functions around it.
    pub(crate) fn callee_name(&self, value: Value) -> std::sync::Arc<str> {
        let module = self.program.module();
        let of = |id: prism_bytecode::FunctionId| {
            let path = &module.strings[module.functions[id.index()].name.index()];
            // The second function of a name is `outer.name.2`.
            let is_name = |part: &&str| part.parse::<u32>().is_err();
            path.rsplit('.').find(is_name).unwrap_or(path).into()
        };
        if let Some(id) = value.as_function() {
            return of(id);
        }
        if let Some(id) = value.as_native() {
            let path = prism_bytecode::NATIVES[id.index()].name;
            return path.rsplit('.').next().unwrap_or(path).into();
        }
        if value.tag() == Tag::Closure {
            return of(self.heap.closures.get(value.index()).function);
        }
        match self.heap.other(value) {
            Some(Other::Bound { method, .. }) => self.method_name(*method),
            Some(Other::Fiber(_)) => "fiber".into(),
            _ => "resume".into(),
        }
    }

    /// The line that `print` writes.
    pub(crate) fn print_line(&mut self, args: &[Value]) -> Run<String> {
        let mut line = String::new();
        for (at, &arg) in args.iter().enumerate() {
            if at > 0 {
                line.push(' ');
            }
            self.show(self.heap.plain(arg), &mut line)?;
            if let Some(confidence) = self.heap.confidence(arg) {
                line.push_str(" ~> ");
                line.push_str(&to_fixed(confidence, 2));
            }
        }
        Ok(line)
    }
}

/// `x.toFixed(digits)`: exact, ties away from zero.
pub(crate) fn to_fixed(x: f64, digits: usize) -> String {
    if !x.is_finite() || x.abs() >= 1e21 {
        return crate::numbers::number_text(x);
    }
    let exact = format!("{:.*}", digits + 30, x.abs());
    let (kept, dropped) = exact.split_at(exact.len() - 30);
    let is_tie = dropped.starts_with('5') && dropped[1..].bytes().all(|b| b == b'0');
    let rounded = if is_tie {
        round_up(kept.strip_suffix('.').unwrap_or(kept))
    } else {
        format!("{:.*}", digits, x.abs())
    };
    if x < 0.0 { format!("-{rounded}") } else { rounded }
}

/// One unit more in the last place.
fn round_up(digits: &str) -> String {
    let mut bytes: Vec<u8> = digits.bytes().collect();
    for byte in bytes.iter_mut().rev() {
        match byte {
            b'.' => {}
            b'9' => *byte = b'0',
            _ => {
                *byte += 1;
                return String::from_utf8(bytes).expect("digits are ASCII");
            }
        }
    }
    bytes.insert(0, b'1');
    String::from_utf8(bytes).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::to_fixed;

    #[test]
    fn fixed_digits_are_exact_and_ties_go_up() {
        assert_eq!(to_fixed(0.125, 2), "0.13");
        assert_eq!(to_fixed(1.005, 2), "1.00");
        assert_eq!(to_fixed(9.5, 0), "10");
        assert_eq!(to_fixed(-0.001, 2), "-0.00");
        assert_eq!(to_fixed(-0.0, 2), "0.00");
        assert_eq!(to_fixed(-2.5, 0), "-3");
        assert_eq!(to_fixed(85.0, 1), "85.0");
        assert_eq!(to_fixed(1e21, 2), "1e+21");
        assert_eq!(to_fixed(99.995, 2), "100.00");
    }
}
