//! What a user is told when AWS refuses, does not answer, or was never named.

use sskuba_testkit::aws::Moto;

use crate::bench::command;
use crate::program::Said;

fn preview(change: impl FnOnce(&mut std::process::Command)) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &["preview"]);
    change(&mut command);
    let said = Said::new(&command.output().unwrap());
    assert_eq!(said.code, Some(1), "{}", said.text);
    said
}

#[track_caller]
fn says(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.text.contains(word), "`{word}` is missing: {}", said.text);
    }
}

#[test]
fn credentials_that_are_not_good_are_denied_with_a_hint() {
    let Some(moto) = Moto::start(&[("INITIAL_NO_AUTH_ACTION_COUNT", "0")]) else { return };
    let said = preview(|command| {
        command.env("AWS_ENDPOINT_URL", moto.endpoint());
    });
    says(&said, &["denied: Describe", "AuthFailure", "aws sso login"]);
}

#[test]
fn an_endpoint_that_does_not_answer_is_named() {
    let said = preview(|command| {
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "2");
    });
    says(&said, &["http://127.0.0.1:9 does not answer", "AWS_ENDPOINT_URL"]);
}

#[test]
fn without_a_region_it_says_where_to_name_one() {
    let said = preview(|command| {
        command.env_remove("AWS_REGION");
    });
    says(&said, &["no AWS region", "AWS_REGION"]);
}

#[test]
fn without_credentials_it_says_how_to_log_in() {
    let said = preview(|command| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    });
    says(&said, &["no AWS credentials", "aws sso login"]);
}

#[test]
fn with_nothing_set_at_all_it_says_what_is_lacking_first() {
    let said = preview(|command| {
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env_remove(name);
        }
    });
    says(&said, &["no AWS region"]);
}
