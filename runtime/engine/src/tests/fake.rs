//! A machine whose program is a table: fibers that perform one effect after another.

use std::sync::Arc;

use prism_vm::{AgentRef, Answer, Data, Location, Outcome, Request, RequestId, ResumeError, Trap};

use crate::compute::Compute;

/// What a fiber performs, in order.
pub type Steps = Vec<(&'static str, Vec<Data>)>;

/// When the program is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// All fibers are: the value is the array of the answers of each.
    All,
    /// One fiber is: the others are given up, the value is its answers.
    First,
    /// Never: an answer that is an error is a trap.
    Trap,
}

#[derive(Clone, Debug)]
pub struct Program {
    pub fibers: Vec<Steps>,
    pub until: Until,
}

pub struct Fake {
    program: Program,
    fibers: Vec<Fiber>,
    next_id: u64,
    output: Vec<String>,
    cancelled: Vec<RequestId>,
    trap: Option<Trap>,
}

#[derive(Default)]
struct Fiber {
    waits_for: Option<RequestId>,
    answers: Vec<Data>,
}

/// A call of the agent with a task.
pub fn call(agent: &str, task: &str) -> (&'static str, Vec<Data>) {
    let handle = AgentRef { name: agent.into(), attributes: Vec::new() };
    let request = Data::object([("agent", Data::Agent(handle)), ("task", Data::from(task))]);
    ("agent.call", vec![request])
}

impl Program {
    pub fn all(fibers: Vec<Steps>) -> Program {
        Program { fibers, until: Until::All }
    }

    pub fn steps(steps: Steps) -> Program {
        Program::all(vec![steps])
    }

    pub fn machine(&self) -> Box<dyn Compute> {
        Box::new(Fake {
            program: self.clone(),
            fibers: self.program_fibers(),
            next_id: 0,
            output: Vec::new(),
            cancelled: Vec::new(),
            trap: None,
        })
    }

    fn program_fibers(&self) -> Vec<Fiber> {
        self.fibers.iter().map(|_| Fiber::default()).collect()
    }
}

impl Fake {
    fn is_done(&self, fiber: usize) -> bool {
        self.fibers[fiber].answers.len() == self.program.fibers[fiber].len()
    }

    fn value(&mut self) -> Option<Data> {
        let done: Vec<usize> =
            (0..self.fibers.len()).filter(|fiber| self.is_done(*fiber)).collect();
        match self.program.until {
            Until::First => {
                let first = *done.first()?;
                let waiting = self.fibers.iter_mut().filter_map(|fiber| fiber.waits_for.take());
                self.cancelled.extend(waiting);
                Some(Data::Array(self.fibers[first].answers.clone()))
            }
            Until::All | Until::Trap if done.len() == self.fibers.len() => Some(Data::Array(
                self.fibers.iter().map(|fiber| Data::Array(fiber.answers.clone())).collect(),
            )),
            Until::All | Until::Trap => None,
        }
    }

    fn request(&mut self, fiber: usize) -> Request {
        let place = self.fibers[fiber].answers.len();
        let (effect, args) = self.program.fibers[fiber][place].clone();
        let id = RequestId(self.next_id);
        self.next_id += 1;
        self.fibers[fiber].waits_for = Some(id);
        let effect_id = format!("main/{fiber}/{effect}#{place}").into();
        Request { id, effect: effect.into(), effect_id, args, at: None }
    }
}

impl Compute for Fake {
    fn run(&mut self) -> Outcome {
        if let Some(trap) = self.trap.take() {
            return Outcome::Trap(trap);
        }
        if let Some(value) = self.value() {
            return Outcome::Done(value);
        }
        let idle: Vec<usize> = (0..self.fibers.len())
            .filter(|fiber| self.fibers[*fiber].waits_for.is_none() && !self.is_done(*fiber))
            .collect();
        Outcome::Perform(idle.into_iter().map(|fiber| self.request(fiber)).collect())
    }

    fn resume(&mut self, id: RequestId, answer: Answer) -> Result<(), ResumeError> {
        let place = self.fibers.iter().position(|fiber| fiber.waits_for == Some(id));
        let fiber = place.ok_or(ResumeError::NotWaiting(id))?;
        self.fibers[fiber].waits_for = None;
        let answer = match answer {
            Answer::Value(value) => value,
            Answer::Error(error) => {
                if self.program.until == Until::Trap {
                    self.trap = Some(trap(&error.message));
                }
                Data::from(format!("{}: {}", error.code, error.message))
            }
        };
        self.fibers[fiber].answers.push(answer);
        if self.is_done(fiber) {
            self.output.push(format!("fiber {fiber}"));
        }
        Ok(())
    }

    fn take_output(&mut self) -> Vec<String> {
        std::mem::take(&mut self.output)
    }

    fn take_cancelled(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.cancelled)
    }

    fn memory_used(&self) -> usize {
        0
    }

    fn snapshot(&mut self) -> Option<Vec<u8>> {
        None
    }
}

fn trap(message: &str) -> Trap {
    let at = Location { file: Arc::from("main.prism"), start: 1, end: 2, line: 1, column: 2 };
    let message = message.to_owned();
    Trap { code: "P1001", message, at: Some(at), frames: Vec::new(), data: Data::Null }
}
