import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulatedFolder } from './deployment.ts';

type Row = Record<string, unknown>;
type Tables = Record<string, Record<string, Record<string, Row>>>;

/** What lives on for reasons of its own: logs of servers, tokens and names that AWS remembers, roles of the account. */
const notInventory =
  /^hosts|[tT]okens?|[eE]vents|serviceLinkedRoles|kmsKeys|deleted|history|heldBucketNames|[mM]odifications/;

export function tablesOf(directory: string): Tables {
  const { tables } = JSON.parse(readFileSync(join(simulatedFolder(directory), 'account.json'), 'utf8'));
  return tables as Tables;
}

/** Rows that AWS still lists but that are gone. */
function isLive(row: Row): boolean {
  // A service makes its own role on first use and never takes it away; nobody's destroy may.
  if (String(row.path ?? '').startsWith('/aws-service-role/')) return false;
  return !['terminated', 'deleted', 'shutting-down'].includes(String(row.state ?? row.status ?? ''));
}

export interface Inventory {
  /** Live rows by table. */
  counts: Record<string, number>;
  /** For each row that carries a resource key: what it refers to, by key. */
  wiring: Record<string, string[]>;
}

/** What is in the account, ids aside: how many of each kind, and who refers to whom. */
export function inventoryOf(directory: string): Inventory {
  const counts: Record<string, number> = {};
  const wiring: Record<string, string[]> = {};
  const aliases = new Map<string, string>();
  const live: [table: string, id: string, row: Row][] = [];
  for (const tables of Object.values(tablesOf(directory)))
    for (const [table, rows] of Object.entries(tables)) {
      if (notInventory.test(table)) continue;
      for (const [id, row] of Object.entries(rows)) {
        if (!isLive(row)) continue;
        live.push([table, id, row]);
        counts[table] = (counts[table] ?? 0) + 1;
        const key = keyOf(row);
        if (key !== undefined) aliases.set(id, key);
      }
    }
  for (const [table, , row] of live) {
    const key = keyOf(row);
    if (key === undefined) continue;
    const name = `${table} ${key}`;
    const refers = [...new Set(strings(row).flatMap((text) => aliases.get(text) ?? []))].filter((one) => one !== key);
    wiring[name] = [...(wiring[name] ?? []), ...refers].sort();
  }
  return { counts, wiring };
}

/** The resource key among a row's tags, whichever way its service keeps them. */
function keyOf(row: Row): string | undefined {
  const tags = (row.tags ?? row.Tags) as Record<string, string> | { Key: string; Value: string }[] | undefined;
  if (Array.isArray(tags)) return tags.find(({ Key }) => Key === 'airflow-aws:resource')?.Value;
  return tags?.['airflow-aws:resource'];
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => (key === 'tags' ? [] : [key, ...strings(item)]));
}
