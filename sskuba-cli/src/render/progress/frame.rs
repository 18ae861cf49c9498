//! One picture of a run: at most as many lines as the terminal has rows, none wider than it.

use std::time::Duration;

use sskuba_core::plan::Action;

use super::{Branch, Item, Progress, Standing};
use crate::environment::Size;
use crate::render::duration::{expected, passed};
use crate::render::lines::doing;
use crate::render::paint::Paint;

/// The turning sign of what runs; one step each tenth of a second.
const SPINNER: [&str; 8] = ["⣷", "⣯", "⣟", "⡿", "⢿", "⣻", "⣽", "⣾"];

/// How a part of a line is painted.
#[derive(Clone, Copy)]
enum Tone {
    Plain,
    Good,
    Bad,
    Warn,
    Active,
    Dim,
    Strong,
    Of(Action),
}

/// What a line is about; the first are dropped last when there is not enough room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Failed,
    Component,
    Running,
    Over,
    Waiting,
}

type Parts = Vec<(Tone, String)>;

/// Draws a run.
pub(crate) fn frame(progress: &Progress, size: Size, now: Duration, paint: Paint) -> Vec<String> {
    let width = size.width.saturating_sub(1).max(10);
    let room = size.height.saturating_sub(1).max(2);
    let head =
        vec![(Tone::Strong, progress.title.clone()), (Tone::Plain, format!("  {}", progress.overview(now)))];
    let mut lines = vec![fit(&head, width, paint)];
    if let Some(remark) = progress.remark().filter(|_| room > 2) {
        lines.push(fit(&vec![(Tone::Warn, format!("  {remark}"))], width, paint));
    }
    let mut tree: Vec<(Worth, Parts)> = Vec::new();
    for (path, branch) in &progress.branches {
        draw_branch(&mut tree, progress, path, branch, now);
    }
    let room = room - lines.len();
    if tree.len() <= room {
        lines.extend(tree.iter().map(|(_, parts)| fit(parts, width, paint)));
        return lines;
    }
    let mut kept: Vec<usize> = (0..tree.len()).collect();
    kept.sort_by_key(|i| tree[*i].0);
    let dropped = kept.split_off(room.saturating_sub(1));
    kept.sort_unstable();
    lines.extend(kept.into_iter().map(|i| fit(&tree[i].1, width, paint)));
    lines.push(fit(&vec![(Tone::Dim, footer(&tree, &dropped))], width, paint));
    lines
}

/// Says what there was no room for.
fn footer(tree: &[(Worth, Parts)], dropped: &[usize]) -> String {
    let words = [
        (Worth::Failed, "failed"),
        (Worth::Running, "running"),
        (Worth::Over, "done"),
        (Worth::Waiting, "waiting"),
    ];
    let count = |worth: Worth| dropped.iter().filter(|i| tree[**i].0 == worth).count();
    let some = words.iter().map(|(worth, word)| (count(*worth), word)).filter(|(count, _)| *count > 0);
    let some: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
    format!("  … {}", if some.is_empty() { "more".to_owned() } else { format!("more: {}", some.join(", ")) })
}

fn draw_branch(
    tree: &mut Vec<(Worth, Parts)>,
    progress: &Progress,
    path: &str,
    branch: &Branch,
    now: Duration,
) {
    let depth = if path.is_empty() { 0 } else { path.split('/').count() };
    if !path.is_empty() {
        tree.push(component(path, branch, depth));
    }
    let items = branch.failed.iter().chain(&branch.running).filter_map(|place| progress.items.get(*place));
    tree.extend(items.map(|item| line(item, depth, now)));
}

fn component(path: &str, branch: &Branch, depth: usize) -> (Worth, Parts) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let indent = "  ".repeat(depth);
    let count = format!("  {}/{}", branch.done, branch.total);
    let (worth, sign, tone, word) = match branch {
        _ if !branch.failed.is_empty() => (Worth::Component, "✗", Tone::Bad, " failed"),
        _ if branch.is_over() && branch.skipped > 0 => (Worth::Over, "○", Tone::Warn, " skipped"),
        _ if branch.is_over() => (Worth::Over, "✓", Tone::Good, ""),
        _ if branch.running.is_empty() && branch.done == 0 => (Worth::Waiting, "·", Tone::Dim, " waiting"),
        _ if branch.running.is_empty() => (Worth::Waiting, "▸", Tone::Active, " waiting"),
        _ => (Worth::Component, "▸", Tone::Active, ""),
    };
    (
        worth,
        vec![(tone, format!("{indent}{sign} ")), (Tone::Strong, name.to_owned()), (Tone::Dim, count + word)],
    )
}

fn line(item: &Item, depth: usize, now: Duration) -> (Worth, Parts) {
    let indent = "  ".repeat(depth + 1);
    let name = format!("{} {} {}", item.action.sign(), item.address.kind().type_name(), item.address.name());
    match &item.standing {
        Standing::Failed(message) => {
            let text = format!("  {message}");
            (Worth::Failed, vec![(Tone::Bad, format!("{indent}✗ {name}")), (Tone::Plain, text)])
        }
        Standing::Running { since } => {
            let time = now.saturating_sub(*since);
            let turn = usize::try_from(now.as_millis() / 100).unwrap_or(0) % SPINNER.len();
            let rest = if item.expected >= 1000 {
                format!(" of about {}", expected(item.expected))
            } else {
                String::new()
            };
            let parts = vec![
                (Tone::Active, format!("{indent}{} ", SPINNER[turn])),
                (Tone::Of(item.action), name),
                (Tone::Dim, format!("  {} {}{rest}", doing(item.action), passed(time))),
            ];
            (Worth::Running, parts)
        }
        _ => (Worth::Waiting, vec![(Tone::Dim, format!("{indent}· {name}"))]),
    }
}

/// Joins the parts of a line, cut at `width` characters.
fn fit(parts: &Parts, width: usize, paint: Paint) -> String {
    let total: usize = parts.iter().map(|(_, text)| text.chars().count()).sum();
    let mut room = if total > width { width - 1 } else { width };
    let mut line = String::new();
    for (tone, text) in parts {
        let text: String = text.chars().take(room).collect();
        room -= text.chars().count();
        line.push_str(&match tone {
            _ if text.is_empty() => text,
            Tone::Plain => text,
            Tone::Good => paint.good(text),
            Tone::Bad => paint.bad(text),
            Tone::Warn => paint.warn(text),
            Tone::Active => paint.active(text),
            Tone::Dim => paint.dim(text),
            Tone::Strong => paint.strong(text),
            Tone::Of(action) => paint.action(*action, text),
        });
    }
    if total > width {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use sskuba_core::applying::Event;
    use sskuba_core::provider::Class;

    use super::*;

    fn started(address: &str, expected_ms: u64) -> Event {
        Event::Started { address: address.parse().unwrap(), action: Action::Create, expected_ms }
    }

    fn finished(address: &str) -> Event {
        let (id, took_ms) = ("id".to_owned(), 5);
        Event::Finished { address: address.parse().unwrap(), action: Action::Create, id, took_ms }
    }

    fn example() -> Progress {
        let mut progress = Progress::new("up local/demo/dev".into(), None);
        let at = Duration::from_secs;
        progress.event(&Event::RunStarted { steps: 6, expected_ms: 60_000 }, at(0));
        progress.event(&started("aws:ec2:Vpc::main", 2000), at(0));
        progress.event(&finished("aws:ec2:Vpc::main"), at(2));
        for name in ["a", "b"] {
            progress.event(&started(&format!("network/aws:ec2:Subnet::{name}"), 1000), at(2));
        }
        progress.event(&finished("network/aws:ec2:Subnet::a"), at(3));
        progress.event(&started("network/nat/aws:ec2:NatGateway::one", 90_000), at(3));
        progress.event(&started("dns/aws:route53:Zone::z", 0), at(3));
        progress.event(&finished("dns/aws:route53:Zone::z"), at(4));
        let failed = Event::Failed {
            address: "network/aws:ec2:Subnet::b".parse().unwrap(),
            action: Action::Create,
            class: Class::Conflict,
            message: "the range is taken".into(),
            request_id: None,
            hint: None,
            advice: Vec::new(),
            source_line: None,
        };
        progress.event(&failed, at(4));
        progress
    }

    #[test]
    fn a_run_is_a_tree_of_components() {
        let lines = frame(&example(), Size { width: 90, height: 24 }, Duration::from_secs(10), Paint::PLAIN);
        insta::assert_snapshot!(lines.join("\n"), @r"
        up local/demo/dev  3 of 5 done, 1 running, 1 failed  10s, about 50s left
          ✓ dns  1/1
          ✗ network  1/2 failed
            ✗ + Subnet b  conflict: the range is taken
            ▸ nat  0/1
              ⢿ + NatGateway one  creating 7.0s of about 2m
        ");
    }

    #[test]
    fn a_picture_never_exceeds_the_terminal() {
        let mut progress = example();
        for i in 0..200 {
            progress.event(&started(&format!("c{i}/sim:x:Y::n"), 0), Duration::from_secs(5));
            progress.event(&started(&format!("many/sim:x:Y::n{i}"), 0), Duration::from_secs(5));
        }
        for height in [1, 2, 3, 5, 24, 60] {
            for width in [1, 12, 40, 200] {
                let lines = frame(&progress, Size { width, height }, Duration::from_secs(9), Paint::PLAIN);
                assert!(lines.len() < height.max(3), "{} lines in {height}", lines.len());
                let widest = lines.iter().map(|line| line.chars().count()).max().unwrap();
                assert!(widest <= width.saturating_sub(1).max(10), "{widest} in {width}");
            }
        }
        let lines = frame(&progress, Size { width: 90, height: 10 }, Duration::from_secs(9), Paint::PLAIN);
        assert!(lines.iter().any(|line| line.contains("✗ + Subnet b")), "failures stay in sight");
        assert!(lines.last().unwrap().contains("running"), "{lines:?}");
    }
}
