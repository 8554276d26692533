"""How Airflow reaches Aurora. Airflow imports this before it makes its database engines."""

import os
import ssl
import sys
import types

AUTHORITIES = {{authorities}}
DRIVER = {{driver}}

# aiomysql and PyMySQL take an SSL context, mysqlclient takes paths.
_verified = ssl.create_default_context(cafile=AUTHORITIES)
connect_args_async = {"ssl": _verified}
connect_args = {"ssl": {"ca": AUTHORITIES}} if DRIVER == "mysqlclient" else {"ssl": _verified}

# Set for services alone: the lock of `db migrate` is a connection that is silent for as long as that takes.
if os.environ.get("AIRFLOW_AWS_SILENT_SECONDS"):
    _silent = {"init_command": f"SET SESSION wait_timeout = {int(os.environ['AIRFLOW_AWS_SILENT_SECONDS'])}"}
    connect_args_async.update(_silent)
    connect_args.update(_silent)

if DRIVER != "mysqlclient":
    # Before it accepts any mysql URL, Airflow fills a table of mysqlclient's. PyMySQL never reads that table, so a module
    # that holds an empty one does, and no node needs a compiler.
    _converters = types.ModuleType("MySQLdb.converters")
    _converters.conversions = {}
    _converters.DateTime2literal = None
    _mysqldb = types.ModuleType("MySQLdb")
    _mysqldb.__path__ = []
    _mysqldb.converters = _converters
    sys.modules.setdefault("MySQLdb", _mysqldb)
    sys.modules.setdefault("MySQLdb.converters", _converters)
