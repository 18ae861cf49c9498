//! What AWS's error codes mean.

use sskuba_core::advice::Advice;
use sskuba_core::provider::Class;

/// The hint where credentials are missing or no longer good.
pub(crate) const LOG_IN: &str = "log in again, e.g. with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID \
                                 and AWS_SECRET_ACCESS_KEY";

/// What an error code means, to a kind and to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// There were too many calls.
    Throttled,
    /// The service had a passing fault.
    Passing,
    /// The credentials are not, or no longer, good.
    Stale,
    /// The credentials are good, but not for this.
    Forbidden,
    /// The object, or one that it refers to, is not there.
    NotFound,
    /// The rule that is to be taken away is not there.
    NoRule,
    /// A target is not in its group, or not known.
    Unregistered,
    /// The key of the object, e.g. its name, is another's, or its own of an earlier try.
    Taken,
    /// Something uses or holds the object.
    Held,
    /// A limit of the account is reached.
    Quota,
    /// AWS has none left.
    Exhausted,
    /// The inputs are wrong: this field; empty where the service's words name it, if they do.
    Invalid(&'static str),
}

/// Every code that is known by itself.
const CODES: &[(&str, Meaning)] = &[
    ("RequestLimitExceeded", Meaning::Throttled),
    ("Throttling", Meaning::Throttled),
    ("ThrottlingException", Meaning::Throttled),
    ("ThrottledException", Meaning::Throttled),
    ("RequestThrottled", Meaning::Throttled),
    ("RequestThrottledException", Meaning::Throttled),
    ("TooManyRequestsException", Meaning::Throttled),
    ("EC2ThrottledException", Meaning::Throttled),
    ("SlowDown", Meaning::Throttled),
    ("BandwidthLimitExceeded", Meaning::Throttled),
    ("InternalError", Meaning::Passing),
    ("InternalFailure", Meaning::Passing),
    ("ServiceUnavailable", Meaning::Passing),
    ("Unavailable", Meaning::Passing),
    ("ServerInternal", Meaning::Passing),
    ("AuthFailure", Meaning::Stale),
    ("ExpiredToken", Meaning::Stale),
    ("ExpiredTokenException", Meaning::Stale),
    ("RequestExpired", Meaning::Stale),
    ("InvalidClientTokenId", Meaning::Stale),
    ("InvalidAccessKeyId", Meaning::Stale),
    ("UnrecognizedClientException", Meaning::Stale),
    ("SignatureDoesNotMatch", Meaning::Stale),
    ("IncompleteSignature", Meaning::Stale),
    ("MissingAuthenticationToken", Meaning::Stale),
    ("UnauthorizedOperation", Meaning::Forbidden),
    ("AccessDenied", Meaning::Forbidden),
    ("AccessDeniedException", Meaning::Forbidden),
    ("OptInRequired", Meaning::Forbidden),
    ("PendingVerification", Meaning::Forbidden),
    ("Blocked", Meaning::Forbidden),
    ("Gateway.NotAttached", Meaning::NotFound),
    ("InvalidPermission.NotFound", Meaning::NoRule),
    ("InvalidSecurityGroup", Meaning::NotFound),
    ("InvalidTarget", Meaning::Unregistered),
    ("DependencyViolation", Meaning::Held),
    ("IncorrectState", Meaning::Held),
    ("IncorrectInstanceState", Meaning::Held),
    ("IdempotentParameterMismatch", Meaning::Held),
    ("OperationNotPermitted", Meaning::Held),
    ("InsufficientInstanceCapacity", Meaning::Exhausted),
    ("InvalidVpc.Range", Meaning::Invalid("cidr")),
    ("InvalidSubnet.Range", Meaning::Invalid("cidr")),
    ("InvalidAMIID.Malformed", Meaning::Invalid("ami")),
    ("InvalidKey.Format", Meaning::Invalid("public_key")),
    ("InvalidSubnetID.Malformed", Meaning::Invalid("subnet_id")),
    ("InvalidVpcID.Malformed", Meaning::Invalid("vpc_id")),
    ("InvalidUserData.Malformed", Meaning::Invalid("user_data")),
];

/// Where in a code a word is.
#[derive(Debug, Clone, Copy)]
enum At {
    Beginning,
    End,
    Anywhere,
}

/// The families of codes, for those that are not in [`CODES`]: a word in them, and what it means. The first that fits counts.
const FAMILIES: &[(At, &str, Meaning)] = &[
    (At::End, "NotFound", Meaning::NotFound),
    (At::End, "NotFoundException", Meaning::NotFound),
    (At::Anywhere, "InUse", Meaning::Held),
    (At::Anywhere, "Duplicate", Meaning::Taken),
    (At::Anywhere, "AlreadyExists", Meaning::Taken),
    (At::Anywhere, "AlreadyAssociated", Meaning::Taken),
    (At::Anywhere, ".Conflict", Meaning::Taken),
    (At::Anywhere, "LimitExceeded", Meaning::Quota),
    (At::Anywhere, "QuotaExceeded", Meaning::Quota),
    (At::Beginning, "TooMany", Meaning::Quota),
    (At::Beginning, "Invalid", Meaning::Invalid("")),
    (At::Beginning, "Malformed", Meaning::Invalid("")),
    (At::Beginning, "Missing", Meaning::Invalid("")),
    (At::Beginning, "Unknown", Meaning::Invalid("")),
    (At::Beginning, "Unsupported", Meaning::Invalid("")),
    (At::Beginning, "Validation", Meaning::Invalid("")),
    (At::End, "Malformed", Meaning::Invalid("")),
];

impl Meaning {
    /// Returns what a code means; none of one that nobody knows.
    pub(crate) fn of(code: &str) -> Option<Self> {
        let known = CODES.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning);
        let fits = |at: At, word: &str| match at {
            At::Beginning => code.starts_with(word),
            At::End => code.ends_with(word),
            At::Anywhere => code.contains(word),
        };
        let family = || FAMILIES.iter().find(|(at, word, _)| fits(*at, word)).map(|(_, _, meaning)| *meaning);
        known.or_else(family)
    }
}

/// Returns the class of an error.
pub(crate) fn class(code: &str, words: &str) -> Class {
    // Of a network that it does not know Elastic Load Balancing says so.
    if code == "ValidationError" && words.ends_with("is not found") {
        return Class::NotFound;
    }
    match Meaning::of(code) {
        Some(Meaning::Throttled) => Class::Throttled,
        Some(Meaning::Passing) => Class::Transient,
        Some(Meaning::Stale | Meaning::Forbidden) => Class::Denied,
        Some(Meaning::NotFound | Meaning::NoRule) => Class::NotFound,
        Some(Meaning::Taken | Meaning::Held) => Class::Conflict,
        Some(Meaning::Quota) => Class::Quota,
        Some(Meaning::Invalid("") | Meaning::Unregistered) => Class::Invalid(field(words)),
        Some(Meaning::Invalid(field)) => Class::Invalid(field.to_owned()),
        Some(Meaning::Exhausted) | None => Class::Terminal,
    }
}

/// Returns what a user can do.
pub(crate) fn hint(code: &str) -> Option<&'static str> {
    match Meaning::of(code)? {
        Meaning::Stale => Some(LOG_IN),
        Meaning::Forbidden => Some("the credentials are good but may not do this; ask for the permission"),
        Meaning::Quota => Some("delete what is not needed, or ask AWS for more in Service Quotas"),
        Meaning::Exhausted => {
            Some("AWS has none left of this type in this zone: try later, another zone, or another type")
        }
        _ => None,
    }
}

/// Returns what a user can do with the program.
pub(crate) fn advice(code: &str) -> Option<Advice> {
    (Meaning::of(code)? == Meaning::Throttled).then_some(Advice::FewerCalls)
}

/// Our names of the parameters whose names differ.
const FIELDS: &[(&str, &str)] = &[
    ("cidr_block", "cidr"),
    ("destination_cidr_block", "destination"),
    ("destination_ipv6_cidr_block", "destination"),
    ("image_id", "ami"),
    ("group_name", "name"),
    ("key_name", "name"),
    ("public_key_material", "public_key"),
    ("security_group_id", "security_group_ids"),
];

/// Returns the field that the service's words name; empty if they name none.
fn field(words: &str) -> String {
    let snake = parameter(words).map(snake_case).unwrap_or_default();
    let ours = FIELDS.iter().find(|(theirs, _)| *theirs == snake).map(|(_, ours)| (*ours).to_owned());
    ours.unwrap_or(snake)
}

/// Finds the parameter in AWS's usual words: "Value (x) for parameter cidrBlock is invalid".
fn parameter(words: &str) -> Option<&str> {
    let (_, rest) = words.split_once("parameter ")?;
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').find(|word| !word.is_empty())?;
    name.split('.').next()
}

fn snake_case(camel: &str) -> String {
    camel.char_indices().fold(String::new(), |mut snake, (i, c)| {
        if c.is_ascii_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
        snake
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_classes() {
        let cases = [
            ("RequestLimitExceeded", Class::Throttled),
            ("VpcLimitExceeded", Class::Quota),
            ("TooManyLoadBalancers", Class::Quota),
            ("InvalidVpcID.NotFound", Class::NotFound),
            ("LoadBalancerNotFound", Class::NotFound),
            ("ListenerNotFoundException", Class::NotFound),
            ("DependencyViolation", Class::Conflict),
            ("InvalidGroup.InUse", Class::Conflict),
            ("InvalidKeyPair.Duplicate", Class::Conflict),
            ("RouteAlreadyExists", Class::Conflict),
            ("InvalidSubnet.Conflict", Class::Conflict),
            ("UnauthorizedOperation", Class::Denied),
            ("ExpiredToken", Class::Denied),
            ("InternalError", Class::Transient),
            ("InvalidVpc.Range", Class::Invalid("cidr".into())),
            ("Client.Odd", Class::Terminal),
        ];
        for (code, expected) in cases {
            assert_eq!(class(code, ""), expected, "{code}");
        }
    }

    #[test]
    fn each_code_is_in_the_table_once_and_families_do_not_contradict_it() {
        for (place, (code, meaning)) in CODES.iter().enumerate() {
            assert!(CODES[..place].iter().all(|(earlier, _)| earlier != code), "{code} is there twice");
            assert_eq!(Meaning::of(code), Some(*meaning), "{code}");
        }
        assert_eq!(Meaning::of("VpcLimitExceeded"), Some(Meaning::Quota));
        assert_eq!(Meaning::of("Client.Odd"), None);
    }

    #[test]
    fn what_is_there_already_is_taken_and_what_is_used_is_held() {
        let taken = ["InvalidKeyPair.Duplicate", "InvalidGroup.Duplicate", "InvalidPermission.Duplicate"];
        let more = ["RouteAlreadyExists", "InvalidSubnet.Conflict", "Resource.AlreadyAssociated"];
        for code in taken.into_iter().chain(more) {
            assert_eq!(Meaning::of(code), Some(Meaning::Taken), "{code}");
        }
        assert_eq!(Meaning::of("InvalidGroup.InUse"), Some(Meaning::Held));
        assert_eq!(Meaning::of("InvalidTarget"), Some(Meaning::Unregistered));
    }

    #[test]
    fn a_parameter_becomes_our_field() {
        let words = "Value (10.0.0.0/33) for parameter cidrBlock is invalid. This is not a valid CIDR block.";
        assert_eq!(class("InvalidParameterValue", words), Class::Invalid("cidr".into()));
        let words = "Invalid value 'x' for parameter InstanceType: odd";
        assert_eq!(class("InvalidParameterValue", words), Class::Invalid("instance_type".into()));
    }

    #[test]
    fn only_stale_credentials_are_told_to_log_in() {
        assert_eq!(hint("ExpiredToken"), Some(LOG_IN));
        assert!(hint("UnauthorizedOperation").unwrap().contains("permission"));
    }
}
