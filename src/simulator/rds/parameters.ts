/** A parameter of a database engine: whether it needs a restart, and what it may hold. */
export interface EngineParameter {
  name: string;
  applyType: 'static' | 'dynamic';
  dataType: 'integer' | 'boolean' | 'string' | 'list';
  allowed?: string;
  value?: string;
}

type Short = [
  name: string,
  kind: 'static' | 'dynamic',
  type: EngineParameter['dataType'],
  allowed?: string | undefined,
  value?: string,
];

const mysql: Short[] = [
  ['aurora_parallel_query', 'dynamic', 'boolean', 'OFF,ON'],
  ['binlog_format', 'static', 'string', 'ROW,STATEMENT,MIXED,OFF'],
  ['character_set_client', 'dynamic', 'string'],
  ['character_set_connection', 'dynamic', 'string'],
  ['character_set_database', 'dynamic', 'string'],
  ['character_set_results', 'dynamic', 'string'],
  ['character_set_server', 'dynamic', 'string'],
  ['collation_connection', 'dynamic', 'string'],
  ['collation_server', 'dynamic', 'string'],
  ['connect_timeout', 'dynamic', 'integer', '2-31536000'],
  ['default_storage_engine', 'static', 'string'],
  ['event_scheduler', 'dynamic', 'boolean', 'ON,OFF'],
  ['explicit_defaults_for_timestamp', 'dynamic', 'boolean', '0,1', '1'],
  ['general_log', 'dynamic', 'boolean', '0,1'],
  ['group_concat_max_len', 'dynamic', 'integer', '4-18446744073709547520'],
  ['innodb_buffer_pool_size', 'static', 'integer', undefined, '{DBInstanceClassMemory*3/4}'],
  ['innodb_flush_log_at_trx_commit', 'dynamic', 'integer', '0-2'],
  ['innodb_lock_wait_timeout', 'dynamic', 'integer', '1-1073741824'],
  ['innodb_print_all_deadlocks', 'dynamic', 'boolean', '0,1'],
  ['interactive_timeout', 'dynamic', 'integer', '1-31536000'],
  ['local_infile', 'dynamic', 'boolean', '0,1'],
  ['log_bin_trust_function_creators', 'dynamic', 'boolean', '0,1'],
  ['log_output', 'dynamic', 'list', 'TABLE,FILE,NONE'],
  ['long_query_time', 'dynamic', 'integer', '0-31536000'],
  ['lower_case_table_names', 'static', 'integer', '0,1'],
  ['max_allowed_packet', 'dynamic', 'integer', '1024-1073741824'],
  [
    'max_connections',
    'dynamic',
    'integer',
    '1-16000',
    'GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})',
  ],
  ['net_read_timeout', 'dynamic', 'integer', '1-31536000'],
  ['performance_schema', 'static', 'boolean', '0,1'],
  ['require_secure_transport', 'dynamic', 'boolean', 'ON,OFF', 'OFF'],
  ['server_audit_events', 'dynamic', 'list'],
  ['server_audit_logging', 'dynamic', 'boolean', '0,1'],
  ['slow_query_log', 'dynamic', 'boolean', '0,1'],
  ['sql_mode', 'dynamic', 'list'],
  ['time_zone', 'dynamic', 'string'],
  ['tls_version', 'static', 'list'],
  ['transaction_isolation', 'dynamic', 'string', 'READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE'],
  ['wait_timeout', 'dynamic', 'integer', '1-31536000'],
];

const postgres: Short[] = [
  ['autovacuum', 'dynamic', 'boolean', '0,1'],
  ['client_encoding', 'dynamic', 'string'],
  ['default_transaction_isolation', 'dynamic', 'string'],
  ['idle_in_transaction_session_timeout', 'dynamic', 'integer', '0-2147483647'],
  ['lock_timeout', 'dynamic', 'integer', '0-2147483647'],
  ['log_connections', 'dynamic', 'boolean', '0,1'],
  ['log_disconnections', 'dynamic', 'boolean', '0,1'],
  ['log_lock_waits', 'dynamic', 'boolean', '0,1'],
  ['log_min_duration_statement', 'dynamic', 'integer', '-1-2147483647'],
  ['log_statement', 'dynamic', 'string', 'none,ddl,mod,all'],
  ['maintenance_work_mem', 'dynamic', 'integer', '1024-2147483647'],
  ['max_connections', 'static', 'integer', '6-262143', 'LEAST({DBInstanceClassMemory/9531392},5000)'],
  ['rds.force_ssl', 'dynamic', 'boolean', '0,1', '1'],
  ['rds.logical_replication', 'static', 'boolean', '0,1', '0'],
  ['shared_buffers', 'static', 'integer', '16-1073741823', '{DBInstanceClassMemory/32768}'],
  ['shared_preload_libraries', 'static', 'list'],
  ['statement_timeout', 'dynamic', 'integer', '0-2147483647'],
  ['timezone', 'dynamic', 'string'],
  ['work_mem', 'dynamic', 'integer', '64-2147483647'],
];

/** The parameters of a family that the account knows; those of Aurora alone are left out for other engines. */
export function parametersOf(family: string): EngineParameter[] {
  const short = /postgres/.test(family) ? postgres : mysql;
  return short
    .filter(([name]) => family.startsWith('aurora') || !name.startsWith('aurora_'))
    .map(([name, applyType, dataType, allowed, value]) => ({
      name,
      applyType,
      dataType,
      ...(allowed === undefined ? {} : { allowed }),
      ...(value === undefined ? {} : { value }),
    }));
}

/** Whether AWS would take the value. Formulas of the instance's memory are taken as they are. */
export function isAllowed({ dataType, allowed }: EngineParameter, value: string): boolean {
  if (allowed === undefined || (dataType === 'string' && !allowed.includes(','))) return true;
  if (/[{(]/.test(value)) return true;
  const range = /^(-?\d+)-(\d+)$/.exec(allowed);
  if (range) return /^-?\d+$/.test(value) && Number(value) >= Number(range[1]) && Number(value) <= Number(range[2]);
  const values = allowed.split(',');
  return value.split(dataType === 'list' ? ',' : '\n').every((part) => values.includes(part));
}
