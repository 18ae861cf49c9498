//! Protocols as AWS writes them, and which of them have ports.

use crate::ec2::prelude::*;

/// The names of protocols that AWS stores for their numbers.
const NAMES: [(&str, &str); 5] =
    [("1", "icmp"), ("6", "tcp"), ("17", "udp"), ("58", "icmpv6"), ("all", "-1")];

/// Returns a protocol as AWS stores it: `6` and `TCP` as `tcp`, `all` as `-1`, and others by their number.
pub(in crate::ec2) fn stored(protocol: &str) -> String {
    let lower = protocol.trim().to_lowercase();
    let plain = lower.parse::<u8>().map_or(lower, |number| number.to_string());
    NAMES.iter().find(|(other, _)| *other == plain).map_or(plain, |(_, name)| (*name).to_owned())
}

/// Compares protocols as AWS stores them.
pub(super) fn protocol_name(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| stored(text).into())
}

/// What the two ports of a rule are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::ec2) enum Ports {
    /// The first and the last port.
    Range,
    /// The type and the code of a message; -1 is for all.
    Messages,
    /// AWS lets all through, whatever ports a rule says.
    None,
}

/// Returns what the ports of a protocol, as it is stored, are.
pub(in crate::ec2) fn ports(stored: &str) -> Ports {
    match stored {
        "tcp" | "udp" => Ports::Range,
        "icmp" | "icmpv6" => Ports::Messages,
        _ => Ports::None,
    }
}

/// Says what is wrong with the protocol of a rule and its ports.
pub(in crate::ec2) fn port_mistakes(protocol: &str, from: i32, to: i32) -> Vec<FieldError> {
    let stored = stored(protocol);
    let is_known = ports(&stored) != Ports::None || stored == "-1" || stored.parse::<u8>().is_ok();
    if !is_known {
        let known = "tcp, udp, icmp, icmpv6, all, or a number from 0 to 255";
        return vec![mistake("protocol", format!("{protocol:?} is none that AWS knows: {known}"))];
    }
    let mut mistakes = Vec::new();
    let mut within = |field: &str, value: i32, (low, high): (i32, i32), what: &str| {
        if !(low..=high).contains(&value) {
            mistakes.push(mistake(field, format!("is {value}; AWS takes {what} from {low} to {high}")));
        }
    };
    match ports(&stored) {
        Ports::Range if from == -1 || to == -1 => {
            mistakes.push(mistake("from_port", format!("a rule for {protocol} needs both ports")));
        }
        Ports::Range => {
            within("from_port", from, (0, 65535), "ports");
            within("to_port", to, (0, 65535), "ports");
            if mistakes.is_empty() && from > to {
                mistakes.push(mistake("to_port", format!("{to} is less than from_port, {from}")));
            }
        }
        Ports::Messages => {
            within("from_port", from, (-1, 255), "types of messages");
            within("to_port", to, (-1, 255), "codes of messages");
            if from == -1 && to != -1 {
                mistakes.push(mistake(
                    "to_port",
                    "a rule for all types of messages is for all codes: leave it out",
                ));
            }
        }
        Ports::None if (from, to) != (-1, -1) => {
            let all = if stored == "-1" { "all protocols".to_owned() } else { format!("protocol {stored}") };
            mistakes.push(mistake("from_port", format!("a rule for {all} has no ports; leave them out")));
        }
        Ports::None => {}
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_of_a_protocol_is_stored_as_aws_does() {
        let all = [
            ("6", "tcp"),
            ("TCP", "tcp"),
            ("006", "tcp"),
            ("17", "udp"),
            ("1", "icmp"),
            ("58", "icmpv6"),
            ("ICMPv6", "icmpv6"),
            ("all", "-1"),
            ("-1", "-1"),
            ("50", "50"),
        ];
        for (given, expected) in all {
            assert_eq!(stored(given), expected, "{given}");
            assert!(port_mistakes(given, 8, 8).iter().all(|mistake| mistake.field != "protocol"), "{given}");
        }
    }

    #[test]
    fn ports_are_those_that_the_protocol_has() {
        let fields = |protocol: &str, from: i32, to: i32| -> Vec<String> {
            port_mistakes(protocol, from, to).into_iter().map(|mistake| mistake.field).collect()
        };
        const FINE: [&str; 0] = [];
        assert_eq!(fields("tcp", 0, 65535), FINE);
        assert_eq!(fields("6", 70000, 70001), ["from_port", "to_port"]);
        assert_eq!(fields("udp", -2, 53), ["from_port"]);
        assert_eq!(
            (fields("tcp", -1, 80), fields("tcp", 81, 80)),
            (vec!["from_port".into()], vec!["to_port".into()])
        );
        assert_eq!((fields("icmp", 8, -1), fields("icmp", -1, -1)), (vec![], vec![]));
        assert_eq!(
            (fields("icmp", -1, 3), fields("icmpv6", 256, 0)),
            (vec!["to_port".into()], vec!["from_port".into()])
        );
        // AWS forgets the ports of what has none, so that the rule would be replaced at every refresh.
        assert_eq!(
            (fields("50", 80, 80), fields("-1", 0, 0)),
            (vec!["from_port".into()], vec!["from_port".into()])
        );
        assert_eq!((fields("50", -1, -1), fields("sctpp", -1, -1)), (vec![], vec!["protocol".into()]));
        assert_eq!(fields("256", -1, -1), ["protocol"]);
    }
}
