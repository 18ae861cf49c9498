//! What AWS's error codes mean.

use sskuba_core::provider::Class;

/// The hint where credentials are missing or no longer good.
pub(crate) const LOG_IN: &str = "log in again, e.g. with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID \
                                 and AWS_SECRET_ACCESS_KEY";

const THROTTLED: &[&str] = &[
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "EC2ThrottledException",
    "SlowDown",
    "BandwidthLimitExceeded",
];

const PASSING: &[&str] =
    &["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "ServerInternal"];

/// The credentials are not, or no longer, good.
const STALE: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
];

/// The credentials are good, but not for this.
const FORBIDDEN: &[&str] = &[
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "OptInRequired",
    "PendingVerification",
    "Blocked",
];

const HELD: &[&str] = &[
    "DependencyViolation",
    "IncorrectState",
    "IncorrectInstanceState",
    "IdempotentParameterMismatch",
    "OperationNotPermitted",
    "Resource.AlreadyAssociated",
];

/// Words at the end of a code, or anywhere in it, that say that something else holds or is the object.
const HELD_WORDS: &[&str] = &["InUse", "Duplicate", "AlreadyExists", "AlreadyAssociated", ".Conflict"];

/// Tells whether a code says that something is not there.
pub(crate) fn not_found(code: &str) -> bool {
    let code = code.trim_end_matches("Exception");
    code.ends_with("NotFound") || code == "Gateway.NotAttached"
}

/// Returns the class of an error.
pub(crate) fn class(code: &str, words: &str) -> Class {
    let any = |codes: &[&str]| codes.contains(&code);
    if any(THROTTLED) {
        Class::Throttled
    } else if any(PASSING) {
        Class::Transient
    } else if any(STALE) || any(FORBIDDEN) {
        Class::Denied
    } else if not_found(code) {
        Class::NotFound
    } else if any(HELD) || HELD_WORDS.iter().any(|word| code.contains(word)) {
        Class::Conflict
    } else if code.contains("LimitExceeded") || code.contains("QuotaExceeded") || code.starts_with("TooMany")
    {
        Class::Quota
    } else if let Some(field) = field(code, words) {
        Class::Invalid(field)
    } else {
        Class::Terminal
    }
}

/// Returns what a user can do.
pub(crate) fn hint(code: &str, class: &Class) -> Option<&'static str> {
    match class {
        Class::Denied if STALE.contains(&code) => Some(LOG_IN),
        Class::Denied => Some("the credentials are good but may not do this; ask for the permission"),
        Class::Quota => Some("delete what is not needed, or ask AWS for more in Service Quotas"),
        Class::Throttled => Some("run again with a lower --parallel"),
        Class::Terminal if code == "InsufficientInstanceCapacity" => {
            Some("AWS has none left of this type in this zone: try later, another zone, or another type")
        }
        _ => None,
    }
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

/// Codes that name a field without a parameter.
const CODES: &[(&str, &str)] = &[
    ("InvalidVpc.Range", "cidr"),
    ("InvalidSubnet.Range", "cidr"),
    ("InvalidAMIID.Malformed", "ami"),
    ("InvalidKey.Format", "public_key"),
    ("InvalidSubnetID.Malformed", "subnet_id"),
    ("InvalidVpcID.Malformed", "vpc_id"),
    ("InvalidUserData.Malformed", "user_data"),
];

/// Returns the field that an error is about; none if the error is not about inputs.
fn field(code: &str, words: &str) -> Option<String> {
    let sorts = ["Invalid", "Malformed", "Missing", "Unknown", "Unsupported", "Validation"];
    if !sorts.iter().any(|sort| code.starts_with(sort)) && !code.ends_with("Malformed") {
        return None;
    }
    if let Some((_, field)) = CODES.iter().find(|(known, _)| *known == code) {
        return Some((*field).to_owned());
    }
    let snake = parameter(words).map(snake_case).unwrap_or_default();
    let ours = FIELDS.iter().find(|(theirs, _)| *theirs == snake).map(|(_, ours)| (*ours).to_owned());
    Some(ours.unwrap_or(snake))
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
    fn a_parameter_becomes_our_field() {
        let words = "Value (10.0.0.0/33) for parameter cidrBlock is invalid. This is not a valid CIDR block.";
        assert_eq!(class("InvalidParameterValue", words), Class::Invalid("cidr".into()));
        let words = "Invalid value 'x' for parameter InstanceType: odd";
        assert_eq!(class("InvalidParameterValue", words), Class::Invalid("instance_type".into()));
    }

    #[test]
    fn only_stale_credentials_are_told_to_log_in() {
        assert_eq!(hint("ExpiredToken", &Class::Denied), Some(LOG_IN));
        assert!(hint("UnauthorizedOperation", &Class::Denied).unwrap().contains("permission"));
    }
}
