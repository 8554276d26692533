"""Proves that tasks run, on which nodes, and that their logs arrive. `airflow-aws` starts it."""

import socket
import time

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False, max_active_runs=1, is_paused_upon_creation=False, tags=["airflow-aws"])
def airflow_aws_canary():
    @task
    def where(number: int) -> str:
        # Long enough that one worker's hands are full and the other node's get some.
        time.sleep(5)
        print(f"canary {number} on {socket.gethostname()}")
        return socket.gethostname()

    @task
    def nodes(hosts) -> list:
        found = sorted(set(hosts))
        print(f"canary on {' and '.join(found)}")
        return found

    nodes(where.expand(number=list(range(16))))


airflow_aws_canary()
