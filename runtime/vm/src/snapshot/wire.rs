//! One description, three uses: a [`Wire`] gathers values, writes, or reads.

use std::sync::Arc;

use super::RestoreError;
use crate::value::Value;

pub(super) type Res = Result<(), RestoreError>;

/// Goes over the parts of a machine. A writer looks at what it is given; a reader replaces it.
pub(super) trait Wire: Sized {
    /// Whether it replaces what it is given.
    const READS: bool;

    fn int(&mut self, number: &mut u64) -> Res;

    fn double(&mut self, number: &mut f64) -> Res;

    fn text(&mut self, text: &mut Arc<str>) -> Res;

    fn value(&mut self, value: &mut Value) -> Res;

    fn list<T: Default>(
        &mut self,
        items: &mut Vec<T>,
        each: impl Fn(&mut Self, &mut T) -> Res,
    ) -> Res;

    fn u32(&mut self, number: &mut u32) -> Res {
        let mut wide = u64::from(*number);
        self.int(&mut wide)?;
        *number = u32::try_from(wide).map_err(|_| RestoreError::Malformed("a number too large"))?;
        Ok(())
    }

    fn byte(&mut self, number: &mut u8) -> Res {
        let mut wide = u64::from(*number);
        self.int(&mut wide)?;
        *number = u8::try_from(wide).map_err(|_| RestoreError::Malformed("a number too large"))?;
        Ok(())
    }

    fn index(&mut self, number: &mut usize) -> Res {
        let mut narrow = *number as u32;
        self.u32(&mut narrow)?;
        *number = narrow as usize;
        Ok(())
    }

    fn flag(&mut self, flag: &mut bool) -> Res {
        let mut byte = u8::from(*flag);
        self.byte(&mut byte)?;
        *flag = byte != 0;
        Ok(())
    }

    /// `None` is 0, `Some(n)` is n + 1.
    fn optional(&mut self, number: &mut Option<usize>) -> Res {
        let mut wide = number.map_or(0, |number| number as u64 + 1);
        self.int(&mut wide)?;
        *number = match wide {
            0 => None,
            wide => Some(
                usize::try_from(wide - 1)
                    .map_err(|_| RestoreError::Malformed("a number too large"))?,
            ),
        };
        Ok(())
    }
}
