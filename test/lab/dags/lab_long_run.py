"""A run that takes long enough for a node to die in the middle of it."""

import socket
import time

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False, tags=["lab"])
def lab_long_run():
    @task
    def work(number: int) -> str:
        for second in range(20):
            print(f"part {number}, second {second}, on {socket.gethostname()}")
            time.sleep(1)
        return socket.gethostname()

    @task
    def collect(hosts) -> list:
        return sorted(set(hosts))

    collect(work.expand(number=list(range(10))))


lab_long_run()
