"""Makes Airflow's database and its user on Aurora. Run as often as you like: the user gets the present password."""

import json
import ssl
import time

import boto3
import pymysql

REGION = {{region}}
MASTER_PASSWORD = {{masterParameter}}
SECRETS = {{secretsParameter}}
DATABASE = {{database}}
MASTER = {{master}}
AUTHORITIES = {{authorities}}


def parameter(name):
    client = boto3.client("ssm", region_name=REGION)
    return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


def connect(password):
    # A new cluster's name may take a while to resolve for everybody.
    deadline = time.monotonic() + 120
    while True:
        try:
            return pymysql.connect(
                host=DATABASE,
                user=MASTER,
                password=password,
                autocommit=True,
                connect_timeout=10,
                ssl=ssl.create_default_context(cafile=AUTHORITIES),
            )
        except pymysql.err.OperationalError as error:
            # 2003 is "cannot connect"; a wrong password (1045) will not get better.
            if error.args[0] != 2003 or time.monotonic() > deadline:
                raise
            time.sleep(5)


def main():
    password = json.loads(parameter(SECRETS))["databasePassword"]
    with connect(parameter(MASTER_PASSWORD)) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_notes = 0")
        cursor.execute("CREATE DATABASE IF NOT EXISTS airflow CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci")
        cursor.execute("CREATE USER IF NOT EXISTS 'airflow'@'%%' IDENTIFIED BY %s", (password,))
        cursor.execute("ALTER USER 'airflow'@'%%' IDENTIFIED BY %s REQUIRE SSL", (password,))
        cursor.execute("GRANT ALL PRIVILEGES ON airflow.* TO 'airflow'@'%'")
    print("database airflow and its user are there")


if __name__ == "__main__":
    main()
