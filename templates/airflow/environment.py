"""Writes the environment of Airflow's services to /run/airflow/airflow.env, which only Airflow's user can read.

Secrets come from Parameter Store, by the right of the server's own role, each time the services start.
"""

import json
import os
import pathlib
import pwd
from urllib.parse import quote

import boto3

REGION = {{region}}
SECRETS = {{secretsParameter}}
CACHE_PASSWORD = {{cacheParameter}}
DATABASE = {{database}}
CACHE = {{cache}}
CACHE_USER = {{cacheUser}}
DRIVER = {{driver}}
AUTHORITIES = {{authorities}}
# Empty without a repository, and for one that everybody may read.
GIT_REPOSITORY = {{gitRepository}}
GIT_PARAMETER = {{gitParameter}}

GIB = 1024**3


def parameters(*names):
    answer = boto3.client("ssm", region_name=REGION).get_parameters(Names=list(names), WithDecryption=True)
    if answer["InvalidParameters"]:
        raise SystemExit(f"Parameter Store has no {', '.join(answer['InvalidParameters'])}")
    found = {one["Name"]: one["Value"] for one in answer["Parameters"]}
    return [found[name] for name in names]


def git():
    if not GIT_REPOSITORY:
        return {}
    connection = {"conn_type": "git", "host": GIT_REPOSITORY}
    if GIT_REPOSITORY.startswith("git@"):
        # Trust on first use: the next time, another key is refused.
        extra = {"strict_host_key_checking": "accept-new", "known_hosts_file": "/var/lib/airflow/git_known_hosts"}
        if GIT_PARAMETER:
            # OpenSSH refuses a key whose last line does not end.
            extra["private_key"] = parameters(GIT_PARAMETER)[0].rstrip() + "\n"
        connection["extra"] = extra
    elif GIT_PARAMETER:
        connection |= {"login": "git", "password": parameters(GIT_PARAMETER)[0].strip()}
    return {"AIRFLOW_CONN_GIT_DEFAULT": json.dumps(connection)}


def environment():
    text, cache_password = parameters(SECRETS, CACHE_PASSWORD)
    secrets = json.loads(text)
    dialect = "mysql+mysqldb" if DRIVER == "mysqlclient" else "mysql+pymysql"
    password = quote(secrets["databasePassword"], safe="")
    database = f"{dialect}://airflow:{password}@{DATABASE}:3306/airflow?charset=utf8mb4"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # Four tasks a core, as long as half a GiB is left for each beyond the 2 GiB that the components need themselves.
    concurrency = max(1, min(4 * os.cpu_count(), (memory - 2 * GIB) * 2 // GIB))
    return {
        "AIRFLOW_HOME": "/var/lib/airflow",
        "AIRFLOW_CONFIG": "/etc/airflow/airflow.cfg",
        "PYTHONPATH": "/etc/airflow",
        "AWS_DEFAULT_REGION": REGION,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}&ssl_ca={AUTHORITIES}",
        # Without the last word the certificate of the cache would not be checked.
        "AIRFLOW__CELERY__BROKER_URL": f"rediss://{quote(CACHE_USER, safe='')}:{quote(cache_password, safe='')}"
        f"@{CACHE}:6379/0?ssl_cert_reqs=required",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(concurrency),
        # Of each scheduler: there is one on every node, so together they send out what the workers have hands for.
        "AIRFLOW__CORE__PARALLELISM": str(concurrency),
        "AIRFLOW__CELERY__FLOWER_BASIC_AUTH": f"flower:{secrets['flowerPassword']}",
        "AIRFLOW__CORE__FERNET_KEY": secrets["fernetKey"],
        "AIRFLOW__API__SECRET_KEY": secrets["apiSecretKey"],
        "AIRFLOW__API__WORKERS": "2" if memory > 7 * GIB else "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["jwtSecret"],
        "AIRFLOW__API_AUTH__JWT_ISSUER": "airflow-aws",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps({"conn_type": "aws", "extra": {"region_name": REGION}}),
        # Only the load balancer reaches the api-server, by its security group.
        "FORWARDED_ALLOW_IPS": "*",
        **git(),
    }


def line(name, value):
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return f'{name}="{escaped}"\n'


def main():
    target = pathlib.Path("/run/airflow/airflow.env")
    unfinished = target.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    owner = pwd.getpwnam("airflow")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        os.fchown(file.fileno(), owner.pw_uid, owner.pw_gid)
        file.writelines(line(name, value) for name, value in environment().items())
    unfinished.rename(target)


if __name__ == "__main__":
    main()
