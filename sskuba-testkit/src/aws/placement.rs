//! Placement groups, of which moto knows nothing: what AWS answers of them, as its documentation says.

use std::collections::BTreeMap;

use super::rules::{Form, Refusal};

/// A group.
struct Group {
    id: String,
    strategy: String,
    partitions: String,
    spread_level: String,
    tags: BTreeMap<String, String>,
}

/// The groups by name.
#[derive(Default)]
pub(super) struct PlacementGroups {
    all: BTreeMap<String, Group>,
    made: u32,
}

impl PlacementGroups {
    /// Says why AWS refuses a call about them, if it does.
    pub(super) fn refusal(&self, action: &str, form: &Form) -> Option<Refusal> {
        let name = form.one("GroupName");
        let is_there = |id: &String| self.all.values().any(|group| group.id == *id);
        match action {
            "CreatePlacementGroup" if self.all.contains_key(name) => {
                Some(("InvalidPlacementGroup.Duplicate", "the placement group exists already"))
            }
            "DeletePlacementGroup" if !self.all.contains_key(name) => {
                Some(("InvalidPlacementGroup.Unknown", "the placement group is unknown"))
            }
            "DescribePlacementGroups" if !form.all("GroupId").iter().all(is_there) => {
                Some(("InvalidPlacementGroup.Unknown", "the placement group is unknown"))
            }
            _ => None,
        }
    }

    /// Answers a call about them; none of another.
    pub(super) fn answer(&mut self, action: &str, form: &Form) -> Option<String> {
        let parts = match action {
            "CreatePlacementGroup" => self.create(form),
            "DescribePlacementGroups" => self.describe(form),
            "DeletePlacementGroup" => {
                self.all.remove(form.one("GroupName"));
                "<return>true</return>".to_owned()
            }
            "CreateTags" | "DeleteTags" => {
                let ids = form.all("ResourceId");
                let group = self.all.values_mut().find(|group| ids.contains(&group.id))?;
                for (key, value) in tags(form, "Tag") {
                    match action {
                        "CreateTags" => drop(group.tags.insert(key, value)),
                        _ => drop(group.tags.remove(&key)),
                    }
                }
                "<return>true</return>".to_owned()
            }
            _ => return None,
        };
        let space = "http://ec2.amazonaws.com/doc/2016-11-15/";
        Some(format!("<{action}Response xmlns=\"{space}\">{parts}</{action}Response>"))
    }

    fn create(&mut self, form: &Form) -> String {
        self.made += 1;
        let name = form.one("GroupName").to_owned();
        let group = Group {
            id: format!("pg-{:017x}", self.made),
            strategy: form.one("Strategy").to_owned(),
            partitions: form.one("PartitionCount").to_owned(),
            spread_level: form.one("SpreadLevel").to_owned(),
            tags: tags(form, "TagSpecification.1.Tag"),
        };
        let answer = format!("<placementGroup>{}</placementGroup>", shown(&name, &group));
        self.all.insert(name, group);
        answer
    }

    fn describe(&self, form: &Form) -> String {
        let ids = form.all("GroupId");
        let (filter, value) = (form.one("Filter.1.Name"), form.one("Filter.1.Value.1"));
        let fits = |(name, group): &(&String, &Group)| match filter {
            "" => true,
            "group-name" => *name == value,
            tag => group.tags.get(tag.trim_start_matches("tag:")).is_some_and(|tag| tag == value),
        };
        let all = self.all.iter().filter(|(_, group)| ids.is_empty() || ids.contains(&group.id)).filter(fits);
        let items: String = all.map(|(name, group)| format!("<item>{}</item>", shown(name, group))).collect();
        format!("<placementGroupSet>{items}</placementGroupSet>")
    }
}

fn shown(name: &str, group: &Group) -> String {
    let field = |tag: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{tag}>{text}</{tag}>"),
    };
    let tag =
        |(key, value): (&String, &String)| format!("<item><key>{key}</key><value>{value}</value></item>");
    let tags: String = group.tags.iter().map(tag).collect();
    [
        field("groupId", &group.id),
        field("groupName", name),
        field("groupArn", &format!("arn:aws:ec2:us-east-1:123456789012:placement-group/{name}")),
        field("strategy", &group.strategy),
        field("partitionCount", &group.partitions),
        field("spreadLevel", &group.spread_level),
        field("state", "available"),
        field("tagSet", &tags),
    ]
    .concat()
}

/// Returns the tags that a form has under a name.
fn tags(form: &Form, name: &str) -> BTreeMap<String, String> {
    let pair = |n: usize| {
        let key = form.one(&format!("{name}.{n}.Key"));
        (!key.is_empty()).then(|| (key.to_owned(), form.one(&format!("{name}.{n}.Value")).to_owned()))
    };
    (1..).map_while(pair).collect()
}
