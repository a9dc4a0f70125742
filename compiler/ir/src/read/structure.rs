//! Reads operations that hold regions, one region at a time.

use super::Result;
use super::function::Body;
use super::token::Token;
use crate::function::{OpId, RegionId, Value};
use crate::op::OpKind;

/// A region whose closing brace is still to come.
pub(super) struct Open {
    pub region: RegionId,
    pub holder: Holder,
}

/// Whose region it is, with what has been read of the operation.
pub(super) enum Holder {
    Body,
    Then { op: OpId, condition: Value },
    Else { op: OpId, condition: Value, then: RegionId },
    Loop { op: OpId, initial: Vec<Value> },
    Try { op: OpId },
    Catch { op: OpId, body: RegionId },
    Finally { op: OpId, body: RegionId, catch: Option<RegionId> },
}

impl Body<'_, '_> {
    /// The head of an operation with regions, up to the first opening brace.
    pub fn first_region(&mut self, op: OpId) -> Result<Option<Open>> {
        let Token::Word(word) = *self.reader.tokens.peek() else { return Ok(None) };
        let (holder, params) = match word {
            "if" => {
                self.reader.tokens.next();
                (Holder::Then { op, condition: self.value()? }, Vec::new())
            }
            "loop" => {
                self.reader.tokens.next();
                self.loop_head(op)?;
                self.reader.expect("(")?;
                let params = self.list(")", Self::define)?;
                self.word("from")?;
                (Holder::Loop { op, initial: self.values()? }, params)
            }
            "try" => {
                self.reader.tokens.next();
                (Holder::Try { op }, Vec::new())
            }
            _ => return Ok(None),
        };
        self.set_source(op)?;
        self.open(holder, params).map(Some)
    }

    fn open(&mut self, holder: Holder, params: Vec<Value>) -> Result<Open> {
        self.reader.expect("{")?;
        Ok(Open { region: self.new_region(params), holder })
    }

    /// After the closing brace: the next region of the operation, or its end.
    pub fn close(&mut self, closed: Open) -> Result<Option<Open>> {
        let region = closed.region;
        match closed.holder {
            Holder::Body => Ok(None),
            Holder::Then { op, condition } => {
                self.word("else")?;
                self.open(Holder::Else { op, condition, then: region }, Vec::new()).map(Some)
            }
            Holder::Else { op, condition, then } => {
                self.set_kind(op, OpKind::If { condition, then, otherwise: region });
                Ok(None)
            }
            Holder::Loop { op, initial } => {
                self.set_kind(op, OpKind::Loop { initial, body: region });
                Ok(None)
            }
            Holder::Try { op } => {
                if self.reader.tokens.eat_word("catch") {
                    self.reader.expect("(")?;
                    let params = self.list(")", Self::define)?;
                    return self.open(Holder::Catch { op, body: region }, params).map(Some);
                }
                self.finally(op, region, None)
            }
            Holder::Catch { op, body } => self.finally(op, body, Some(region)),
            Holder::Finally { op, body, catch } => {
                self.set_kind(op, OpKind::Try { body, catch, finally: Some(region) });
                Ok(None)
            }
        }
    }

    fn finally(
        &mut self,
        op: OpId,
        body: RegionId,
        catch: Option<RegionId>,
    ) -> Result<Option<Open>> {
        if self.reader.tokens.eat_word("finally") {
            return self.open(Holder::Finally { op, body, catch }, Vec::new()).map(Some);
        }
        self.set_kind(op, OpKind::Try { body, catch, finally: None });
        Ok(None)
    }
}
