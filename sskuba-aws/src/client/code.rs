//! What AWS's error codes mean.

use sskuba_core::advice::Advice;
use sskuba_core::provider::Class;

/// The hint where credentials are missing or no longer good.
pub(crate) const LOG_IN: &str = "log in again, e.g. with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID \
                                 and AWS_SECRET_ACCESS_KEY";

/// The hint where a subnet has no address left.
const FULL: &str = "use another subnet, or a larger one, or free addresses in it";

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
    /// The time or the signature of the call is wrong.
    Unsigned,
    /// The account has not agreed to something, or is not open for it.
    Closed,
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
    /// What is asked for goes on already.
    Going,
    /// A limit of the account is reached.
    Quota,
    /// AWS has none left.
    Exhausted,
    /// The subnet has no address left.
    Full,
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
    ("ConcurrentModification", Meaning::Throttled),
    ("PriorRequestNotComplete", Meaning::Throttled),
    ("InternalError", Meaning::Passing),
    ("InternalFailure", Meaning::Passing),
    ("ServiceFailure", Meaning::Passing),
    ("InternalServiceError", Meaning::Passing),
    ("KMSInternalException", Meaning::Passing),
    ("DependencyTimeoutException", Meaning::Passing),
    ("ServiceUnavailable", Meaning::Passing),
    ("Unavailable", Meaning::Passing),
    ("ServerInternal", Meaning::Passing),
    ("AuthFailure", Meaning::Stale),
    ("ExpiredToken", Meaning::Stale),
    ("ExpiredTokenException", Meaning::Stale),
    ("RequestExpired", Meaning::Unsigned),
    ("InvalidClientTokenId", Meaning::Stale),
    ("InvalidAccessKeyId", Meaning::Stale),
    ("UnrecognizedClientException", Meaning::Stale),
    ("SignatureDoesNotMatch", Meaning::Unsigned),
    ("IncompleteSignature", Meaning::Unsigned),
    ("MissingAuthenticationToken", Meaning::Stale),
    ("UnauthorizedOperation", Meaning::Forbidden),
    ("AccessDenied", Meaning::Forbidden),
    ("AccessDeniedException", Meaning::Forbidden),
    ("OptInRequired", Meaning::Closed),
    ("PendingVerification", Meaning::Closed),
    ("Blocked", Meaning::Closed),
    ("Gateway.NotAttached", Meaning::NotFound),
    ("InvalidPermission.NotFound", Meaning::NoRule),
    ("InvalidSecurityGroup", Meaning::NotFound),
    ("InvalidPlacementGroup.Unknown", Meaning::NotFound),
    ("InvalidTarget", Meaning::Unregistered),
    ("HostedZoneNotEmpty", Meaning::Held),
    ("DeleteConflict", Meaning::Held),
    ("InvalidRequestException", Meaning::Held),
    ("BucketNotEmpty", Meaning::Held),
    ("RepositoryNotEmptyException", Meaning::Held),
    ("OperationAborted", Meaning::Held),
    ("OperationAbortedException", Meaning::Held),
    ("BucketAlreadyOwnedByYou", Meaning::Taken),
    ("PreconditionFailed", Meaning::Taken),
    ("KMSInvalidStateException", Meaning::Held),
    ("ResourceExistsException", Meaning::Taken),
    ("TagException", Meaning::Invalid("tags")),
    ("PublicPolicyException", Meaning::Invalid("policy_document")),
    ("MalformedPolicyDocumentException", Meaning::Invalid("policy_document")),
    ("EntityTemporarilyUnmodifiable", Meaning::Held),
    ("UnmodifiableEntity", Meaning::Held),
    ("ConflictingDomainExists", Meaning::Held),
    ("LastVPCAssociation", Meaning::Held),
    ("LimitsExceeded", Meaning::Quota),
    ("DependencyViolation", Meaning::Held),
    ("IncorrectState", Meaning::Held),
    ("InstanceRefreshInProgress", Meaning::Going),
    ("ScalingActivityInProgress", Meaning::Held),
    ("ResourceContention", Meaning::Passing),
    ("IncorrectModificationState", Meaning::Held),
    ("VolumeModificationRateExceeded", Meaning::Held),
    ("IncorrectInstanceState", Meaning::Held),
    ("IdempotentParameterMismatch", Meaning::Held),
    ("OperationNotPermitted", Meaning::Held),
    ("TargetGroupAssociationLimit", Meaning::Held),
    ("InsufficientFreeAddressesInSubnet", Meaning::Full),
    ("InvalidSubnet", Meaning::Invalid("subnet_ids")),
    ("TagLimitExceeded", Meaning::Invalid("tags")),
    ("TooManyTags", Meaning::Invalid("tags")),
    ("DuplicateTagKeys", Meaning::Invalid("tags")),
    ("MalformedPolicyDocument", Meaning::Invalid("policy_document")),
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
    (At::End, "NotFoundError", Meaning::NotFound),
    (At::Beginning, "NoSuch", Meaning::NotFound),
    (At::Anywhere, "InUse", Meaning::Held),
    (At::Anywhere, "Duplicate", Meaning::Taken),
    (At::Anywhere, "AlreadyExists", Meaning::Taken),
    (At::Anywhere, "AlreadyAssociated", Meaning::Taken),
    (At::Anywhere, ".Conflict", Meaning::Taken),
    (At::Anywhere, "LimitExceeded", Meaning::Quota),
    (At::Anywhere, "QuotaExceeded", Meaning::Quota),
    (At::Beginning, "TooMany", Meaning::Quota),
    (At::Beginning, "Insufficient", Meaning::Exhausted),
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
    // And Auto Scaling of a group.
    if code == "ValidationError" && words.contains("AutoScalingGroup name not found") {
        return Class::NotFound;
    }
    // Of each change that Route 53 refuses its words alone tell why.
    if code == "InvalidChangeBatch" && words.contains("was not found") {
        return Class::NotFound;
    }
    if code == "InvalidChangeBatch"
        && ["already exists", "do not match"].iter().any(|why| words.contains(why))
    {
        return Class::Conflict;
    }
    match Meaning::of(code) {
        Some(Meaning::Throttled) => Class::Throttled,
        Some(Meaning::Passing) => Class::Transient,
        Some(Meaning::Stale | Meaning::Forbidden | Meaning::Unsigned | Meaning::Closed) => Class::Denied,
        Some(Meaning::NotFound | Meaning::NoRule) => Class::NotFound,
        Some(Meaning::Taken | Meaning::Held | Meaning::Going) => Class::Conflict,
        Some(Meaning::Quota | Meaning::Full) => Class::Quota,
        Some(Meaning::Invalid("") | Meaning::Unregistered) => Class::Invalid(field(words)),
        Some(Meaning::Invalid(field)) => Class::Invalid(field.to_owned()),
        Some(Meaning::Exhausted) | None => Class::Terminal,
    }
}

/// Returns what a user can do.
pub(crate) fn hint(code: &str, words: &str) -> Option<&'static str> {
    match Meaning::of(code)? {
        // EC2 says so of what belongs to another account, too.
        Meaning::Stale if code == "AuthFailure" && !words.contains("credentials") => {
            Some("check the id, the account and the region: what is named may be another account's")
        }
        Meaning::Stale => Some(LOG_IN),
        Meaning::Unsigned => Some("check the clock of this machine, and the secret key"),
        Meaning::Forbidden => Some("the credentials are good but may not do this; ask for the permission"),
        Meaning::Closed => Some(match code {
            "OptInRequired" => {
                "accept the terms in AWS Marketplace, or enable the service or region for the account"
            }
            "PendingVerification" => "AWS is still verifying the account: wait for its mail, and run again",
            _ => "AWS has blocked the account: ask AWS Support",
        }),
        Meaning::Quota => Some("delete what is not needed, or ask AWS for more in Service Quotas"),
        Meaning::Full => Some(FULL),
        Meaning::Invalid(_) if words.contains("available addresses") => Some(FULL),
        Meaning::Exhausted if code == "InsufficientInstanceCapacity" => {
            Some("AWS has none left of this type in this zone: try later, another zone, or another type")
        }
        Meaning::Exhausted => Some("AWS has none left there: try later, or in another zone"),
        Meaning::Held if words.contains("protection") || words.contains("disableApiTermination") => {
            Some("it is protected against deletion: take that away first")
        }
        _ => None,
    }
}

/// Returns what a user can do with the program.
pub(crate) fn advice(code: &str) -> Option<Advice> {
    (Meaning::of(code)? == Meaning::Throttled).then_some(Advice::FewerCalls)
}

/// Our names of the parameters whose names differ; of several, the one that the kind has.
const FIELDS: &[(&str, &[&str])] = &[
    ("block_device_mapping", &["root_volume"]),
    ("cidr_block", &["cidr"]),
    ("cidr_ip", &["cidr"]),
    ("cidr_ipv6", &["cidr"]),
    ("destination_cidr_block", &["destination"]),
    ("destination_ipv6_cidr_block", &["destination"]),
    ("group_description", &["description"]),
    ("group_id", &["security_group_id", "security_group_ids"]),
    ("group_name", &["name"]),
    ("http_put_response_hop_limit", &["metadata_hop_limit"]),
    ("image_id", &["ami"]),
    ("ip_protocol", &["protocol"]),
    ("key_name", &["name"]),
    ("policy_document", &["document", "assume_role_policy", "policy"]),
    ("private_ip_address", &["fixed_private_ip"]),
    ("public_key_material", &["public_key"]),
    ("security_group_id", &["security_group_ids"]),
    ("security_groups", &["security_group_ids"]),
    ("subnet_id", &["subnet_ids"]),
    ("subnet_ids", &["subnet_id"]),
    ("subnets", &["subnet_ids"]),
    ("tag_specification", &["tags"]),
    ("targets", &["target_id"]),
];

/// Returns the field that the service's words name; empty if they name none.
fn field(words: &str) -> String {
    parameter(words).map(snake_case).unwrap_or_default()
}

/// Returns our name of a parameter that a service named, as the kind has it; empty if it has no such input.
pub(crate) fn field_of(named: &str, has: impl Fn(&str) -> bool) -> String {
    let ours = FIELDS.iter().filter(|(theirs, _)| *theirs == named).flat_map(|(_, ours)| *ours).copied();
    let health = named.starts_with("health_check").then_some("health_check");
    let mut all = std::iter::once(named).chain(ours).chain(health);
    all.find(|name| has(name)).unwrap_or_default().to_owned()
}

/// Finds the parameter in AWS's usual words: "Value (x) for parameter cidrBlock is invalid", "Value 'x' at 'port' failed to
/// satisfy a constraint".
fn parameter(words: &str) -> Option<&str> {
    let rest = words.split_once("parameter ").or_else(|| words.split_once(" at '"))?.1;
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
        assert_eq!(class("InvalidParameterValue", words), Class::Invalid("cidr_block".into()));
        assert_eq!(field_of("cidr_block", |name| name == "cidr"), "cidr");
        let words = "AutoScalingGroup name not found - AutoScalingGroup 'web' not found";
        assert_eq!(class("ValidationError", words), Class::NotFound);
        let words = "Invalid value 'x' for parameter InstanceType: odd";
        assert_eq!(class("InvalidParameterValue", words), Class::Invalid("instance_type".into()));
    }

    #[test]
    fn a_parameter_is_named_as_the_kind_has_it_or_not_at_all() {
        let machine = |name: &str| ["key_name", "ami", "security_group_ids", "tags"].contains(&name);
        let pair = |name: &str| ["name", "public_key"].contains(&name);
        assert_eq!(
            (field_of("key_name", machine), field_of("key_name", pair)),
            ("key_name".into(), "name".into())
        );
        assert_eq!(
            (field_of("image_id", machine), field_of("group_id", machine)),
            ("ami".into(), "security_group_ids".into())
        );
        assert_eq!((field_of("dry_run", machine), field_of("", machine)), (String::new(), String::new()));
        assert_eq!(field_of("health_check_port", |name| name == "health_check"), "health_check");
        assert_eq!(
            class("InvalidSubnet", "VPC vpc-1 has no internet gateway"),
            Class::Invalid("subnet_ids".into())
        );
        assert_eq!(
            (field_of("subnet_ids", |n| n == "subnet_id"), hint("InvalidSubnet", "")),
            ("subnet_id".into(), None)
        );
        let words =
            "1 validation error detected: Value '0' at 'port' failed to satisfy constraint: at least 1";
        assert_eq!(class("ValidationError", words), Class::Invalid("port".into()));
        assert_eq!(Class::Invalid(String::new()).to_string(), "invalid inputs");
    }

    #[test]
    fn each_hint_fits_what_was_refused() {
        assert_eq!(hint("ExpiredToken", ""), Some(LOG_IN));
        let not_validated = "AWS was not able to validate the provided access credentials";
        assert_eq!(hint("AuthFailure", not_validated), Some(LOG_IN));
        let cases = [
            ("AuthFailure", "Not authorized for images: [ami-1]", "another account's"),
            ("UnauthorizedOperation", "", "permission"),
            ("RequestExpired", "", "clock"),
            ("OptInRequired", "", "Marketplace"),
            ("PendingVerification", "", "verifying"),
            ("Blocked", "", "Support"),
            ("VpcLimitExceeded", "", "Service Quotas"),
            ("InsufficientFreeAddressesInSubnet", "", "another subnet"),
            ("InvalidSubnet", "The specified subnet is out of available addresses", "another subnet"),
            ("InsufficientInstanceCapacity", "", "another type"),
            ("InsufficientAddressCapacity", "", "try later"),
            ("OperationNotPermitted", "deletion protection is enabled", "protected against deletion"),
        ];
        for (code, words, part) in cases {
            assert!(
                hint(code, words).is_some_and(|hint| hint.contains(part)),
                "{code}: {:?}",
                hint(code, words)
            );
        }
        // No quota that AWS could raise.
        for code in ["TagLimitExceeded", "TooManyTags", "DuplicateTagKeys"] {
            assert_eq!((class(code, ""), hint(code, "")), (Class::Invalid("tags".into()), None), "{code}");
        }
    }
}
