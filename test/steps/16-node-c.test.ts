import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../src/engine/resource.ts';
import { nodeCSoftware } from '../../src/steps/16-airflow/node-c.ts';
import { nodeAServices, nodeCConfiguration, nodeCServices } from '../../src/steps/16-airflow/nodes.ts';
import { nodeASoftware } from '../../src/steps/16-airflow/software.ts';

const needs = (one: AnyResource) => Object.values(one.needs as Record<string, AnyResource>).map(({ key }) => key);

describe('nodeCServices', () => {
  it('start when node c is configured and the tables are there, and wait for nothing of node a’s services', () => {
    expect(needs(nodeCServices as AnyResource)).toEqual(
      expect.arrayContaining(['nodeC', 'nodeCConfiguration', 'database']),
    );
    for (const key of ['nodeAServices', 'nodeAConfiguration', 'nodeA'])
      expect(needs(nodeCServices as AnyResource)).not.toContain(key);
  });

  it('are the same work as node a’s', () => {
    const { type, typicalSeconds } = nodeAServices;
    expect(nodeCServices).toMatchObject({ type, typicalSeconds });
  });
});

describe('nodeCSoftware', () => {
  it('is the same work as node a’s under the same marker, which the image brings, and stands before the configuration', () => {
    expect(nodeCSoftware).toMatchObject({ type: nodeASoftware.type });
    expect(needs(nodeCConfiguration as AnyResource)).toContain('nodeCSoftware');
    expect(needs(nodeCSoftware as AnyResource)).not.toContain('nodeASoftware');
  });
});
