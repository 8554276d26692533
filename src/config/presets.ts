/** Starting points for the wizard and for `init --preset`. Only what differs from the defaults, as it would be typed. */
export const presets = {
  standard: { title: 'the tutorial with today’s parts', values: {} },
  dev: {
    title: 'the smallest that still runs every part',
    values: {
      'nodes.instanceType': 't3.medium',
      'nodes.volumeGiB': '20',
      'bastion.volumeGiB': '10',
      'cache.nodeType': 'cache.t4g.micro',
    },
  },
  tutorial: {
    title: 'the classes of the tutorial, as far as they still exist',
    values: {
      'database.instanceClass': 'db.t3.medium',
      'cache.engine': 'redis',
      'cache.engineVersion': '7.1',
      'cache.nodeType': 'cache.r6g.large',
    },
  },
} as const satisfies Record<string, { title: string; values: Readonly<Record<string, string>> }>;

export type PresetName = keyof typeof presets;
