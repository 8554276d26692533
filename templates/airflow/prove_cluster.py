"""Runs the canary DAG until every node has had tasks of it, and reads the proof from the logs in S3.

So it passes only when schedulers, broker, workers, execution API, database and remote logs all do their part.
"""

import json
import subprocess
import time

import boto3

REGION = {{region}}
BUCKET = {{bucket}}
DAG = "airflow_aws_canary"
NODES = {{nodes}}

SECONDS = 300
SAID = "canary on "


def trigger(run_id, deadline):
    command = ["/usr/local/bin/airflow-cluster", "dags", "trigger", DAG, "--run-id", run_id]
    while True:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        # The DAG processors take half a minute to find a new file.
        if time.monotonic() > deadline:
            raise SystemExit(f"the DAG {DAG} cannot be started: {(done.stderr or done.stdout).strip()[-800:]}")
        time.sleep(5)


def nodes_of(client, run_id, deadline):
    """The nodes that the last task of the run names in its log, which S3 has once the task has ended."""
    prefix = f"airflow_log/dag_id={DAG}/run_id={run_id}/task_id=nodes/"
    while time.monotonic() < deadline:
        for one in client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", []):
            log = client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read().decode()
            for line in log.splitlines():
                event = json.loads(line).get("event", "") if line.startswith("{") else line
                if event.startswith(SAID):
                    return event[len(SAID) :].split(" and ")
        time.sleep(2)
    raise SystemExit(f"the run {run_id} of the DAG {DAG} left no log below s3://{BUCKET}/{prefix} in {SECONDS} s")


def main():
    client = boto3.client("s3", region_name=REGION)
    deadline = time.monotonic() + SECONDS
    seen = set()
    while len(seen) < int(NODES):
        if time.monotonic() > deadline:
            raise SystemExit(f"tasks ran on {' and '.join(sorted(seen))} only, out of {NODES} nodes")
        run_id = f"airflow-aws-{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime())}"
        trigger(run_id, deadline)
        seen.update(nodes_of(client, run_id, deadline))
    print(f"tasks ran on {' and '.join(sorted(seen))}; their logs are in s3://{BUCKET}/airflow_log")


if __name__ == "__main__":
    main()
