/** Starting points for the wizard and for `init --preset`. Only what differs from the defaults, as it would be typed. */
export const presets = {
  standard: {
    title: 'the tutorial with today’s parts',
    lacks: 'a standby of the database and of the cache, as the tutorial does',
    values: {},
  },
  dev: {
    title: 'the smallest that still runs every part',
    lacks: 'memory for more than a few tasks at once, and standbys',
    values: {
      'nodes.instanceType': 't3.medium',
      'nodes.volumeGiB': '20',
      'bastion.volumeGiB': '10',
      'cache.nodeType': 'cache.t4g.micro',
    },
  },
  tutorial: {
    title: 'the classes of the tutorial, as far as they still exist',
    lacks: 'standbys; its cache is the larger one, with Redis OSS',
    values: {
      'database.instanceClass': 'db.t3.medium',
      'cache.engine': 'redis',
      'cache.engineVersion': '7.1',
      'cache.nodeType': 'cache.r6g.large',
    },
  },
} as const satisfies Record<string, { title: string; lacks: string; values: Readonly<Record<string, string>> }>;

export type PresetName = keyof typeof presets;
