import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { render } from '../../src/hosts/template.ts';

const secrets = {
  fernetKey: 'fernet=',
  jwtSecret: 'jwt',
  apiSecretKey: 'api',
  databasePassword: 'data/base@%',
  adminPassword: 'adminpw',
  userPassword: 'userpw',
  flowerPassword: 'flowerpw',
};

// Stand-ins for what is in a node's virtual environment: Parameter Store, and a database that notes what it is told.
const stubs: Record<string, string> = {
  'boto3.py': `
values = {"/s": ${JSON.stringify(JSON.stringify(secrets))}, "/c": "cache pw", "/m": "masterpw"}
class Client:
    def get_parameters(self, Names, WithDecryption):
        return {"Parameters": [{"Name": n, "Value": values[n]} for n in reversed(Names) if n in values],
                "InvalidParameters": [n for n in Names if n not in values]}
    def get_parameter(self, Name, WithDecryption):
        return {"Parameter": {"Value": values[Name]}}
def client(service, region_name):
    assert (service, region_name) == ("ssm", "us-west-2")
    return Client()
`,
  'pymysql.py': `
class err:
    class OperationalError(Exception): pass
class Connection:
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def cursor(self): return self
    def execute(self, text, values=None):
        print(text % tuple(repr(v) for v in values) if values else text)
def connect(**given):
    print(given["host"], given["user"], given["password"], type(given["ssl"]).__name__)
    return Connection()
`,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airflow-aws-test-'));
  for (const [name, text] of Object.entries(stubs)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function python(program: string, then: string) {
  const source = program.replace(/\nif __name__[\s\S]*$/, '\n');
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' };
  return spawnSync('python3', ['-'], { input: `${source}\n${then}\n`, encoding: 'utf8', env });
}

const possible = spawnSync('python3', ['--version']).status === 0;

describe.skipIf(!possible)('the environment of the services', () => {
  const program = (changes: Record<string, string> = {}) =>
    render('airflow/environment.py', {
      region: 'us-west-2',
      secretsParameter: '/s',
      cacheParameter: '/c',
      database: 'db.example',
      cache: 'cache.example',
      cacheUser: 'redisairflow',
      driver: 'pymysql',
      authorities: '/ca.pem',
      gitRepository: '',
      gitParameter: '',
      ...changes,
    });
  const environment = (changes: Record<string, string> = {}) =>
    JSON.parse(python(program(changes), 'print(json.dumps(environment()))').stdout);

  it('has a connection for the repository of DAGs, with what Parameter Store has for a private one', () => {
    expect(environment()).not.toHaveProperty('AIRFLOW_CONN_GIT_DEFAULT');
    const connection = (repository: string, gitParameter: string) =>
      JSON.parse(environment({ gitRepository: repository, gitParameter }).AIRFLOW_CONN_GIT_DEFAULT);
    const url = 'https://github.com/you/dags.git';
    expect(connection(url, '')).toEqual({ conn_type: 'git', host: url });
    expect(connection(url, '/c')).toEqual({ conn_type: 'git', host: url, login: 'git', password: 'cache pw' });
    expect(connection('git@github.com:you/dags.git', '/c')).toEqual({
      conn_type: 'git',
      host: 'git@github.com:you/dags.git',
      extra: {
        strict_host_key_checking: 'accept-new',
        known_hosts_file: '/var/lib/airflow/git_known_hosts',
        private_key: 'cache pw\n',
      },
    });
  });

  it('has addresses and secrets in the form that Airflow reads', () => {
    expect(environment()).toMatchObject({
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN:
        'mysql+pymysql://airflow:data%2Fbase%40%25@db.example:3306/airflow?charset=utf8mb4',
      AIRFLOW__CELERY__RESULT_BACKEND:
        'db+mysql+pymysql://airflow:data%2Fbase%40%25@db.example:3306/airflow?charset=utf8mb4&ssl_ca=/ca.pem',
      AIRFLOW__CELERY__BROKER_URL: 'rediss://redisairflow:cache%20pw@cache.example:6379/0?ssl_cert_reqs=required',
      AIRFLOW__CELERY__FLOWER_BASIC_AUTH: 'flower:flowerpw',
      AIRFLOW__CORE__FERNET_KEY: 'fernet=',
      AIRFLOW__API__SECRET_KEY: 'api',
      AIRFLOW__API_AUTH__JWT_SECRET: 'jwt',
    });
  });

  it('gives a worker at least one pair of hands, and at most four a core', () => {
    const { AIRFLOW__CELERY__WORKER_CONCURRENCY: hands } = environment();
    const cores = Number(spawnSync('python3', ['-c', 'import os; print(os.cpu_count())'], { encoding: 'utf8' }).stdout);
    expect(Number(hands)).toBeGreaterThanOrEqual(1);
    expect(Number(hands)).toBeLessThanOrEqual(4 * cores);
  });

  it('has none of the passwords of people', () => {
    expect(JSON.stringify(environment())).not.toMatch(/adminpw|userpw/);
  });

  it('names a parameter that is not there', () => {
    const { status, stderr } = python(program({ cacheParameter: '/gone' }), 'environment()');
    expect(status).not.toBe(0);
    expect(stderr).toContain('Parameter Store has no /gone');
  });

  it('quotes what systemd would read in another way', () => {
    const { stdout } = python(program(), `print(line("A", 'x"y\\\\z$w'), end="")`);
    expect(stdout).toBe('A="x\\"y\\\\z\\$w"\n');
  });
});

describe.skipIf(!possible)('the database of Airflow', () => {
  it('is made with its character set, and its user may come from anywhere but only by TLS', () => {
    const authorities = spawnSync('python3', ['-c', 'import ssl; print(ssl.get_default_verify_paths().cafile or "")'], {
      encoding: 'utf8',
    }).stdout.trim();
    if (authorities === '') return;
    const program = render('airflow/create_database.py', {
      region: 'us-west-2',
      masterParameter: '/m',
      secretsParameter: '/s',
      database: 'db.example',
      master: 'admin',
      authorities,
    });
    const lines = python(program, 'main()').stdout.trim().split('\n');
    expect(lines[0]).toBe('db.example admin masterpw SSLContext');
    expect(lines).toContain('CREATE DATABASE IF NOT EXISTS airflow CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci');
    expect(lines).toContain("ALTER USER 'airflow'@'%' IDENTIFIED BY 'data/base@%' REQUIRE SSL");
    expect(lines).toContain("GRANT ALL PRIVILEGES ON airflow.* TO 'airflow'@'%'");
  });
});
