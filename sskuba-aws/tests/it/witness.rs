//! What the witness says of a stage.

use std::collections::BTreeMap;

use sskuba_testkit::aws::{Seen, boto3, seen};

use crate::stage::{Stage, scene};

impl Stage {
    /// Returns every object of the stack that boto3 sees.
    pub(crate) fn seen(&self) -> Seen {
        seen(&std::env::var("AWS_ENDPOINT_URL").unwrap(), Some(self.stack.as_str()))
    }

    /// Returns how many objects of each kind boto3 sees.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen().values() {
            *counts.entry(seen["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }
}

scene! {
    /// Requests that no client of AWS's would send, which are sent all the same.
    async fn a_request_that_breaks_its_model_is_refused(_stage: Stage) {
        let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
        let head = "import botocore\n\
            from botocore.config import Config\n\
            free = Config(parameter_validation=False)\n\
            def refused(client, name, change, **parameters):\n\
            \x20   edit = lambda params, **_: params.update(body=change(params['body']))\n\
            \x20   client.meta.events.register('before-call.*.*', edit)\n\
            \x20   try: getattr(client, name)(**parameters)\n\
            \x20   except botocore.exceptions.ClientError as error: print(error.response['Error'])\n\
            \x20   else: print('taken')\n\
            def ec2(change, name='create_vpc', **more): refused(boto3.client('ec2', config=free), name, change, **more)\n\
            def kms(change, **more): refused(boto3.client('kms', config=free), 'create_key', change, **more)\n";
        let breaks = [
            ("ec2(lambda body: {**body, 'Lair': '1'}, CidrBlock='10.0.0.0/16')", "Lair"),
            ("ec2(lambda body: {**body, 'Action': 'CreateLair'}, CidrBlock='10.0.0.0/16')", "CreateLair"),
            ("ec2(lambda body: body, 'describe_vpcs', MaxResults=1)", "MaxResults"),
            ("kms(lambda body: body, Description='x' * 8193)", "Description"),
            ("kms(lambda body: b'{\"Lair\": 1}')", "Lair"),
            ("kms(lambda body: b'{\"Description\": 1}')", "Description"),
            ("kms(lambda body: body, KeySpec='RSA_1')", "KeySpec"),
        ];
        for (call, words) in breaks {
            let answer = boto3(&endpoint, &format!("{head}{call}"));
            assert!(answer.contains("RequestBreaksModel") && answer.contains(words), "{call}: {answer}");
        }
        let sound = boto3(&endpoint, &format!("{head}ec2(lambda body: body, CidrBlock='10.0.0.0/16')"));
        assert_eq!(sound.trim(), "taken");
    }
}
