//! Replacements of the machines of groups, which moto lacks: what AWS answers of them, as its documentation says. One takes
//! three looks.

use std::collections::BTreeMap;

use super::rules::{Form, Refusal};

/// How one goes on, look by look.
const COURSE: [(&str, u8); 3] = [("Pending", 0), ("InProgress", 50), ("Successful", 100)];

/// The replacements of groups, each with how many looks there were at it.
#[derive(Default)]
pub(super) struct Refreshes {
    all: BTreeMap<String, (String, usize)>,
}

impl Refreshes {
    /// Says why AWS refuses to begin one, if it does: another goes on.
    pub(super) fn refusal(&self, action: &str, form: &Form) -> Option<Refusal> {
        let group = form.one("AutoScalingGroupName");
        let goes_on = self.all.values().any(|(of, looks)| of == group && *looks < COURSE.len());
        let refused = action == "StartInstanceRefresh" && goes_on;
        refused.then_some(("InstanceRefreshInProgress", "an instance refresh is in progress"))
    }

    /// Answers a call about them; none of another.
    pub(super) fn answer(&mut self, action: &str, form: &Form) -> Option<String> {
        let group = form.one("AutoScalingGroupName");
        let result = match action {
            "StartInstanceRefresh" => {
                let id = format!("refresh-{}", self.all.len() + 1);
                self.all.insert(id.clone(), (group.to_owned(), 0));
                format!("<InstanceRefreshId>{id}</InstanceRefreshId>")
            }
            "DescribeInstanceRefreshes" => {
                let id = form.one("InstanceRefreshIds.member.1");
                let (_, looks) = self.all.get_mut(id).filter(|(of, _)| of == group)?;
                let (status, percent) = COURSE[(*looks).min(COURSE.len() - 1)];
                *looks += 1;
                format!(
                    "<InstanceRefreshes><member><InstanceRefreshId>{id}</InstanceRefreshId><Status>{status}</Status>\
                     <PercentageComplete>{percent}</PercentageComplete></member></InstanceRefreshes>"
                )
            }
            _ => return None,
        };
        let space = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
        let meta = "<ResponseMetadata><RequestId>scripted</RequestId></ResponseMetadata>";
        let result = format!("<{action}Result>{result}</{action}Result>");
        Some(format!("<{action}Response xmlns=\"{space}\">{result}{meta}</{action}Response>"))
    }
}
