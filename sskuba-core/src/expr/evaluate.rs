//! What an expression evaluates to.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::tree::{Function, How, Join};
use super::{Expr, NodeRef};
use crate::suggest::suggestion;
use crate::value::{MadeOf, Measure, Segment, Value};

/// What gives the fields of other resources.
type Fields<'a> = dyn Fn(&NodeRef, &str) -> Value + 'a;

/// A value and its measure, which is kept so that what is made of it needs no walk over it.
type Measured = (Value, Measure);

/// What is still to do, the next at the end.
enum Task<'a> {
    Evaluate(&'a Expr),
    Join(&'a Join),
}

impl Expr {
    /// Computes the value; `field` gives the fields of other resources, `Unknown` where not known yet. A part that is
    /// used several times is computed once.
    ///
    /// # Errors
    /// What a function of the program answered, or that it panicked; that a value is more than one may be (see
    /// [`Measure`]).
    pub fn evaluate(&self, field: &dyn Fn(&NodeRef, &str) -> Value) -> Result<Value, String> {
        let mut shared = Shared::of(self);
        let mut todo = vec![Task::Evaluate(self)];
        let mut values: Vec<Measured> = Vec::new();
        while let Some(task) = todo.pop() {
            match task {
                Task::Evaluate(Expr::Joined(joined)) => {
                    let Some(join) = joined.get() else { continue };
                    match shared.take(join) {
                        Some(value) => values.push(value),
                        None => {
                            todo.push(Task::Join(join));
                            todo.extend(join.parts.iter().rev().map(Task::Evaluate));
                        }
                    }
                }
                Task::Evaluate(leaf) => values.push(measured(leaf.leaf(field)?)?),
                Task::Join(join) => {
                    let parts = values.split_off(values.len() - join.parts.len());
                    let value = join.value(parts)?;
                    shared.keep(join, &value);
                    values.push(value);
                }
            }
        }
        Ok(values.pop().map(|(value, _)| value).unwrap_or_default())
    }

    fn leaf(&self, field: &Fields<'_>) -> Result<Value, String> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Field(node, name) => Ok(field(node, name)),
            Self::Invalid(why) => Err(why.clone()),
            Self::Joined(_) => Ok(Value::Unknown),
        }
    }
}

fn measured(value: Value) -> Result<Measured, String> {
    let measure = value.measure();
    fits(measure)?;
    Ok((value, measure))
}

fn fits(measure: Measure) -> Result<(), String> {
    measure.check().map_err(|error| error.to_string())
}

impl Join {
    fn value(&self, mut parts: Vec<Measured>) -> Result<Measured, String> {
        match &self.how {
            How::Call(function) => call(&**function, parts.into_iter().map(|(value, _)| value).collect()),
            How::Secret => {
                let (value, measure) = parts.pop().unwrap_or_default();
                Ok((value.into_secret(), measure))
            }
            How::Part(path) => {
                let (value, _) = parts.pop().unwrap_or_default();
                measured(part(value, path))
            }
            How::Entry(name, of) => {
                let (value, _) = parts.pop().unwrap_or_default();
                entry(value, name, of).and_then(measured)
            }
            How::Entries => {
                let ((winner, _), (other, _)) =
                    (parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default());
                measured(entries(other, winner))
            }
            How::List => {
                let measure = Measure::round(parts.iter().map(|(_, measure)| *measure), 0);
                fits(measure)?;
                Ok((Value::List(parts.into_iter().map(|(value, _)| value).collect()), measure))
            }
            How::Map(keys) => {
                let bytes = keys.iter().map(String::len).sum();
                let measure = Measure::round(parts.iter().map(|(_, measure)| *measure), bytes);
                fits(measure)?;
                let values = parts.into_iter().map(|(value, _)| value);
                Ok((Value::Map(keys.iter().cloned().zip(values).collect()), measure))
            }
        }
    }
}

/// Returns an entry of a map.
fn entry(value: Value, name: &str, of: &str) -> Result<Value, String> {
    match value {
        Value::Map(mut map) => map.remove(name).ok_or_else(|| {
            let near = suggestion(name, map.keys().map(String::as_str));
            format!("{of} nothing called `{name}`{near}")
        }),
        Value::Unknown => Ok(Value::Unknown),
        other => Err(format!("{of} nothing called `{name}`: it is {}", other.sort())),
    }
}

/// Returns a map with the entries of two, of which the second wins; the other one where one is not set.
fn entries(other: Value, winner: Value) -> Value {
    match (other, winner) {
        (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
        (other, winner) if matches!((&other, &winner), (Value::Secret(_), _) | (_, Value::Secret(_))) => {
            entries(other.reveal().clone(), winner.reveal().clone()).into_secret()
        }
        (Value::Map(mut all), Value::Map(winner)) => {
            all.extend(winner);
            Value::Map(all)
        }
        (other, Value::Null) => other,
        (_, winner) => winner,
    }
}

/// Returns what a path leads to. Of what is unknown or secret as a whole, every part is.
fn part(value: Value, path: &[Segment]) -> Value {
    if value == Value::Unknown {
        return value;
    }
    if let Value::Secret(_) = value {
        return part(value.reveal().clone(), path).into_secret();
    }
    let Some((first, rest)) = path.split_first() else { return value };
    match (first, value) {
        (Segment::Key(key), Value::Map(mut map)) => part(map.remove(key).unwrap_or_default(), rest),
        (Segment::Index(at), Value::List(mut items)) if *at < items.len() => {
            part(items.swap_remove(*at), rest)
        }
        (Segment::Every, Value::List(items)) => {
            Value::List(items.into_iter().map(|item| part(item, rest)).collect())
        }
        (Segment::Every, Value::Map(map)) => {
            Value::List(map.into_iter().map(|(_, item)| part(item, rest)).collect())
        }
        (Segment::Deep, value) => value,
        _ => Value::Null,
    }
}

fn call(function: &Function, args: Vec<Value>) -> Result<Measured, String> {
    if args.iter().any(Value::has_unknown) {
        return Ok((Value::Unknown, Measure::default()));
    }
    let made_of = args.iter().any(Value::has_secret).then(|| MadeOf::these(&args));
    // A panic in the program's own closure must not take the engine's journal down with it.
    let result = catch_unwind(AssertUnwindSafe(|| function(args)))
        .map_err(|_| "the program's function for this value panicked".to_owned())?;
    match (result, made_of) {
        (Ok(value), Some(made_of)) => measured(value.into_secret_of(made_of)),
        (Ok(value), None) => measured(value),
        (Err(_), Some(_)) => Err("the program's function for this secret value failed".to_owned()),
        (Err(why), None) => Err(why),
    }
}

/// The values of the parts that are used several times, for as long as they are needed.
struct Shared {
    /// How often each is still to be used.
    uses: HashMap<*const Join, usize>,
    values: HashMap<*const Join, Measured>,
}

impl Shared {
    /// Counts the uses of all parts of an expression.
    fn of(expr: &Expr) -> Self {
        let mut uses: HashMap<*const Join, usize> = HashMap::new();
        let mut todo = vec![expr];
        while let Some(expr) = todo.pop() {
            let Expr::Joined(joined) = expr else { continue };
            let Some(join) = joined.get() else { continue };
            let count = uses.entry(Arc::as_ptr(join)).or_default();
            *count += 1;
            if *count == 1 {
                todo.extend(&join.parts);
            }
        }
        uses.retain(|_, count| *count > 1);
        Self { uses, values: HashMap::new() }
    }

    /// Keeps a value that will be used again; its first use is that of who computed it.
    fn keep(&mut self, join: &Join, value: &Measured) {
        let join = std::ptr::from_ref(join);
        if let Some(left) = self.uses.get_mut(&join) {
            *left -= 1;
            self.values.insert(join, value.clone());
        }
    }

    /// Returns the value of a part that was computed before.
    fn take(&mut self, join: &Arc<Join>) -> Option<Measured> {
        let join = Arc::as_ptr(join);
        let value = self.values.get(&join)?;
        let left = self.uses.get_mut(&join)?;
        *left -= 1;
        if *left == 0 { self.values.remove(&join) } else { Some(value.clone()) }
    }
}
