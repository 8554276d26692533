/**
 * How long AWS takes, in seconds, typically and in the slow twentieth: facts collected from public run logs and AWS's
 * documentation.
 */
export const durations = {
  'vpc.create': [2, 10],
  'subnet.create': [2, 6],
  'natGateway.create': [106, 130],
  'natGateway.delete': [56, 80],
  'instance.run': [15, 40],
  'instance.boot': [45, 90],
  'instance.terminate': [45, 90],
  'instance.stop': [30, 60],
  'instance.start': [15, 40],
  'image.create': [190, 420],
  'snapshot.create': [120, 400],
  'loadBalancer.create': [152, 190],
  'loadBalancer.delete': [5, 15],
  'loadBalancer.interfaces': [90, 300],
  'target.healthy': [30, 60],
  'dbCluster.create': [80, 150],
  'dbCluster.delete': [65, 120],
  'dbCluster.modify': [20, 60],
  'dbInstance.create': [380, 620],
  'dbInstance.delete': [420, 720],
  'dbInstance.modify': [120, 300],
  'dbSnapshot.create': [90, 200],
  'dbInstance.interface': [30, 60],
  'cacheUser.create': [8, 20],
  'cacheUser.delete': [15, 30],
  'cacheUserGroup.create': [20, 45],
  'cacheUserGroup.delete': [35, 60],
  'replicationGroup.create': [420, 600],
  'replicationGroup.delete': [260, 480],
  'replicationGroup.modify': [60, 120],
  'fileSystem.create': [8, 20],
  'fileSystem.delete': [8, 20],
  'mountTarget.create': [90, 150],
  'mountTarget.delete': [45, 120],
  'instanceProfile.propagate': [10, 30],
} as const satisfies Record<string, readonly [typical: number, slow: number]>;

export type DurationName = keyof typeof durations;

/** Seconds for `name`: the typical value, up to 3 % more or less so that no two things end together. */
export function drawSeconds(name: DurationName, random: () => number): number {
  const [typical] = durations[name];
  return typical * (0.97 + 0.06 * random());
}
