/** One component of Airflow, which is one unit on each node. */
interface Component {
  readonly name: string;
  readonly arguments: string;
  /** The most of the node's memory that it may take. */
  readonly memoryPercent: number;
  /** How long it may take to end; a worker finishes its tasks first. */
  readonly stopSeconds: number;
}

// Measured in use, in MiB: 300, 260, 180, 210, 460 to 620, 155. The ceilings leave a leak room to be seen, not to spread.
export const components: readonly Component[] = [
  { name: 'api-server', arguments: 'api-server --proxy-headers', memoryPercent: 20, stopSeconds: 60 },
  { name: 'scheduler', arguments: 'scheduler', memoryPercent: 15, stopSeconds: 60 },
  { name: 'dag-processor', arguments: 'dag-processor', memoryPercent: 15, stopSeconds: 60 },
  { name: 'triggerer', arguments: 'triggerer', memoryPercent: 15, stopSeconds: 60 },
  { name: 'worker', arguments: 'celery worker', memoryPercent: 50, stopSeconds: 3600 },
  { name: 'flower', arguments: 'celery flower', memoryPercent: 8, stopSeconds: 30 },
];

export const airflowUnits: readonly string[] = components.map(({ name }) => `airflow@${name}.service`);

/** Every unit that is active on a node that works. */
export const nodeUnits: readonly string[] = ['nginx.service', 'airflow-environment.service', ...airflowUnits];

/** Where things are on a node. */
export const places = {
  dags: '/mnt/efs/dags',
  fileSystem: '/mnt/efs',
  home: '/opt/airflow',
  /** Certificates of the authorities that sign those of RDS. */
  authorities: '/opt/airflow/rds-authorities.pem',
} as const;
