import { afterEach, describe, expect, test, vi } from 'vitest';
import { realWorld } from '../../src/world.ts';

const shell = { run: async () => ({ stdout: '' }), close: () => {} };
const world = () => realWorld({ region: 'us-west-2', profile: undefined, shell });

describe('the real world', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['AWS_ENDPOINT_URL', 'http://127.0.0.1:5000'],
    ['AWS_ENDPOINT_URL_EC2', 'http://127.0.0.1:5000'],
  ])('is an emulator where %s says so, and says it aloud', (name, url) => {
    vi.stubEnv(name, url);
    expect(world()).toMatchObject({ kind: 'emulator', notice: expect.stringContaining(`${url} (${name})`) });
    expect(world().pace).toBeLessThan(1);
  });

  test('is AWS without such a variable, and behind a private endpoint of AWS', () => {
    expect(world()).toMatchObject({ kind: 'aws', pace: 1, notice: undefined });
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'https://bucket.vpce-1.s3.us-west-2.vpce.amazonaws.com');
    expect(world()).toMatchObject({ kind: 'aws', pace: 1, notice: undefined });
  });
});
