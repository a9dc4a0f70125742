//! Runs IR by walking it: slow, and as simple as the meaning of the operations allows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use prism_ir::function::{Function, Module, OpId, RegionId, Value};
use prism_ir::op::{Args, BinaryOp, Const, Exit, OpKind, UnaryOp};

#[derive(Debug, Clone)]
pub enum Datum {
    Null,
    Bool(bool),
    Number(f64),
    Array(Vec<Datum>),
    Function(u32),
    Cell(Rc<RefCell<Datum>>),
    Text(Arc<str>),
    /// What a `catch` gets.
    Thrown,
}

/// How a region was left.
enum Way {
    Yield(Vec<Datum>),
    Break(OpId, Vec<Datum>),
    Continue(OpId, Vec<Datum>),
    Return(Datum),
    Throw,
}

pub struct Walk<'a> {
    pub module: &'a Module,
    pub global: Datum,
    /// Operations that may still run.
    pub fuel: u32,
}

/// The program threw, or ran out of fuel.
#[derive(Debug, PartialEq)]
pub struct Stopped;

struct Frame<'a> {
    function: &'a Function,
    values: BTreeMap<Value, Datum>,
}

impl<'a> Walk<'a> {
    pub fn call(&mut self, id: u32, args: Vec<Datum>) -> Result<Datum, Stopped> {
        let function = &self.module.functions[id as usize];
        let params = function.regions[function.body].params.iter().copied();
        let mut frame = Frame { function, values: params.zip(args).collect() };
        match self.region(&mut frame, function.body) {
            Way::Return(value) => Ok(value),
            Way::Throw => Err(Stopped),
            Way::Yield(_) | Way::Break(..) | Way::Continue(..) => unreachable!("left the body"),
        }
    }

    fn region(&mut self, frame: &mut Frame<'a>, id: RegionId) -> Way {
        let region = &frame.function.regions[id];
        for &op in &region.ops {
            if self.fuel == 0 {
                return Way::Throw;
            }
            self.fuel -= 1;
            match self.op(frame, op) {
                Ok(values) => {
                    let results = frame.function.ops[op].results.iter().copied();
                    frame.values.extend(results.zip(values));
                }
                Err(way) => return way,
            }
        }
        let read = |value: &Value| frame.values[value].clone();
        match &region.exit {
            Exit::Yield(values) => Way::Yield(values.iter().map(read).collect()),
            Exit::Break { target, values } => {
                Way::Break(*target, values.iter().map(read).collect())
            }
            Exit::Continue { target, values } => {
                Way::Continue(*target, values.iter().map(read).collect())
            }
            Exit::Return(value) => Way::Return(read(value)),
            Exit::Throw(_) => Way::Throw,
            Exit::Unreachable => unreachable!("reached what cannot be"),
        }
    }

    fn op(&mut self, frame: &mut Frame<'a>, id: OpId) -> Result<Vec<Datum>, Way> {
        let function = frame.function;
        let read = |value: &Value| frame.values[value].clone();
        Ok(vec![match &function.ops[id].kind {
            OpKind::Const(Const::Number(number)) => Datum::Number(*number),
            OpKind::Const(Const::Text(text)) => Datum::Text(text.as_ref().into()),
            OpKind::Unary { op: UnaryOp::Typeof, operand } => Datum::Text(match read(operand) {
                Datum::Thrown => "object".into(),
                other => unreachable!("a catch gets an object: {other:?}"),
            }),
            OpKind::Unary { op: UnaryOp::Not, operand } => Datum::Bool(!truthy(&read(operand))),
            OpKind::Binary { op, left, right, .. } => binary(*op, read(left), read(right)),
            OpKind::Array(items) => Datum::Array(items.iter().map(read).collect()),
            OpKind::ArrayPush { array, value } => push(read(array), read(value)),
            OpKind::IndexSet { container, value, .. } => {
                let mut items = array(read(container));
                match items.len() {
                    0 => return Err(Way::Throw),
                    1 => items.push(read(value)),
                    _ => items[1] = read(value),
                }
                Datum::Array(items)
            }
            OpKind::Items { subject, .. } => read(subject),
            OpKind::ItemAt { items, index } => {
                array(read(items))[number(read(index)) as usize].clone()
            }
            OpKind::ItemCount(items) => Datum::Number(array(read(items)).len() as f64),
            OpKind::UpdateGlobal { value, .. } => {
                self.global = push(self.global.clone(), read(value));
                return Ok(Vec::new());
            }
            OpKind::GlobalSet { value, .. } => {
                self.global = read(value);
                return Ok(Vec::new());
            }
            OpKind::GlobalGet(_) => self.global.clone(),
            OpKind::CellNew(Some(value)) => Datum::Cell(Rc::new(RefCell::new(read(value)))),
            OpKind::CellGet(value) => cell(read(value)).borrow().clone(),
            OpKind::CellSet { cell: place, value } => {
                *cell(read(place)).borrow_mut() = read(value);
                return Ok(Vec::new());
            }
            OpKind::UpdateCell { cell: place, value, .. } => {
                let place = cell(read(place));
                let pushed = push(place.borrow().clone(), read(value));
                *place.borrow_mut() = pushed;
                return Ok(Vec::new());
            }
            OpKind::Closure { function, .. } => Datum::Function(function.0),
            OpKind::Call { function, args } => {
                let args = args.iter().map(read).collect();
                self.call(function.0, args).map_err(|Stopped| Way::Throw)?
            }
            OpKind::CallValue { callee, args: Args::Positional(args) } => {
                let Datum::Function(id) = read(callee) else { unreachable!("no function") };
                let args = args.iter().map(read).collect();
                self.call(id, args).map_err(|Stopped| Way::Throw)?
            }
            OpKind::If { condition, then, otherwise } => {
                let taken = if truthy(&read(condition)) { *then } else { *otherwise };
                return yielded(self.region(frame, taken));
            }
            OpKind::Loop { initial, body } => {
                let initial = initial.iter().map(read).collect();
                return self.repeat(frame, id, initial, *body);
            }
            OpKind::Try { body, catch, finally } => {
                return self.guard(frame, *body, *catch, *finally);
            }
            other => unreachable!("not generated: {other:?}"),
        }])
    }

    fn repeat(
        &mut self,
        frame: &mut Frame<'a>,
        id: OpId,
        mut carried: Vec<Datum>,
        body: RegionId,
    ) -> Result<Vec<Datum>, Way> {
        loop {
            let params = frame.function.regions[body].params.iter().copied();
            frame.values.extend(params.zip(carried));
            match self.region(frame, body) {
                Way::Continue(target, values) if target == id => carried = values,
                Way::Break(target, values) if target == id => return Ok(values),
                way => return Err(way),
            }
        }
    }

    fn guard(
        &mut self,
        frame: &mut Frame<'a>,
        body: RegionId,
        catch: Option<RegionId>,
        finally: Option<RegionId>,
    ) -> Result<Vec<Datum>, Way> {
        let mut way = self.region(frame, body);
        if let (Way::Throw, Some(catch), true) = (&way, catch, self.fuel > 0) {
            let thrown = frame.function.regions[catch].params[0];
            frame.values.insert(thrown, Datum::Thrown);
            way = self.region(frame, catch);
        }
        if let (Some(finally), true) = (finally, self.fuel > 0) {
            match self.region(frame, finally) {
                Way::Yield(_) => {}
                other => way = other,
            }
        }
        yielded(way)
    }
}

fn yielded(way: Way) -> Result<Vec<Datum>, Way> {
    match way {
        Way::Yield(values) => Ok(values),
        way => Err(way),
    }
}

fn truthy(value: &Datum) -> bool {
    match value {
        Datum::Bool(flag) => *flag,
        Datum::Number(number) => *number != 0.0,
        Datum::Null => false,
        Datum::Array(_) | Datum::Function(_) | Datum::Cell(_) | Datum::Thrown => true,
        Datum::Text(text) => !text.is_empty(),
    }
}

fn number(value: Datum) -> f64 {
    match value {
        Datum::Number(number) => number,
        other => unreachable!("no number: {other:?}"),
    }
}

fn array(value: Datum) -> Vec<Datum> {
    match value {
        Datum::Array(items) => items,
        other => unreachable!("no array: {other:?}"),
    }
}

fn cell(value: Datum) -> Rc<RefCell<Datum>> {
    match value {
        Datum::Cell(cell) => cell,
        other => unreachable!("no cell: {other:?}"),
    }
}

fn push(target: Datum, value: Datum) -> Datum {
    let mut items = array(target);
    items.push(value);
    Datum::Array(items)
}

fn binary(op: BinaryOp, left: Datum, right: Datum) -> Datum {
    if let (BinaryOp::Identical, Datum::Text(left), Datum::Text(right)) = (op, &left, &right) {
        return Datum::Bool(left == right);
    }
    let (left, right) = (number(left), number(right));
    match op {
        BinaryOp::Add => Datum::Number(left + right),
        BinaryOp::Subtract => Datum::Number(left - right),
        BinaryOp::Multiply => Datum::Number(left * right),
        BinaryOp::Remainder => Datum::Number(left % right),
        BinaryOp::Less => Datum::Bool(left < right),
        BinaryOp::GreaterEqual => Datum::Bool(left >= right),
        BinaryOp::Equal => Datum::Bool(left == right),
        BinaryOp::NotIdentical => Datum::Bool(left != right),
        other => unreachable!("not generated: {other:?}"),
    }
}
