"""Makes the two users of the web interface. A user who is there already stays as he is, with his password."""

import json
import subprocess

import boto3

REGION = {{region}}
SECRETS = {{secretsParameter}}
USERS = [
    ("Admin", {{adminName}}, {{adminEmail}}, "adminPassword"),
    ("User", {{userName}}, {{userEmail}}, "userPassword"),
]


def main():
    client = boto3.client("ssm", region_name=REGION)
    secrets = json.loads(client.get_parameter(Name=SECRETS, WithDecryption=True)["Parameter"]["Value"])
    for role, name, email, password in USERS:
        command = ["/usr/local/bin/airflow-cluster", "users", "create", "--role", role, "--username", name]
        command += ["--email", email, "--firstname", name, "--lastname", role]
        # Airflow asks twice for a password that is not an argument, and reads it from here for want of a terminal.
        subprocess.run(command, input=f"{secrets[password]}\n" * 2, text=True, check=True)


if __name__ == "__main__":
    main()
