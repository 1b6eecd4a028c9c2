import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { writeWholeFile } from '../core/whole-file.ts';
import type { Candidate, Collectable, CollectKind, CollectScope } from '../tracking/collect.ts';
import { itemsWhere, note } from './items.ts';
import type { Scratch } from './scratch/open-scratch.ts';

const SCHEMA = 'mlstow.gc-plan/1';
const CHUNK = 500;

interface PlanLine {
  readonly kind: CollectKind;
  readonly id: string;
  readonly experiment_id: string;
  readonly fingerprint: string;
}

/** Tells whether a location is still the same without telling which it is. */
function fingerprint(plan: string, uri: string | undefined, taggedUri: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, uri ?? null, taggedUri ?? null]))
    .digest('hex')
    .slice(0, 32);
}

function* planLines(scratch: Scratch, id: string, created: number, records: string): Generator<string> {
  const header = { schema: SCHEMA, id, created: new Date(created).toISOString(), backend: records };
  yield `${JSON.stringify(header)}\n`;
  for (const item of itemsWhere(scratch, "action = 'delete'")) {
    const line: PlanLine = {
      kind: item.kind,
      id: item.id,
      experiment_id: item.experimentId,
      fingerprint: fingerprint(id, item.uri, item.taggedUri),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}

/** Writes what would go: ids and fingerprints, no location. @throws Failure as `writeWholeFile` */
export async function writePlan(
  file: string,
  scratch: Scratch,
  plan: { readonly id: string; readonly created: number; readonly records: string },
): Promise<void> {
  await writeWholeFile(file, planLines(scratch, plan.id, plan.created, plan.records));
}

function notAPlan(file: string, cause?: unknown): Failure {
  return new Failure(
    {
      kind: 'invalid',
      message: `${file} is not a plan of mlstow gc`,
      hint: 'make one with: mlstow gc --plan FILE',
      subject: file,
    },
    cause,
  );
}

async function* linesOf(file: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const source = createReadStream(file, 'utf8');
  const lines = createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) {
      if (line === '') continue;
      const parsed: unknown = JSON.parse(line);
      if (typeof parsed !== 'object' || parsed === null) throw notAPlan(file);
      yield parsed as Readonly<Record<string, unknown>>;
    }
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    if (thrown instanceof SyntaxError) throw notAPlan(file, thrown);
    throw new Failure(
      { kind: 'not-found', message: `the plan ${file} cannot be read`, subject: file },
      thrown,
    );
  } finally {
    lines.close();
    source.destroy();
  }
}

/** The id of a plan. @throws Failure invalid, not-found */
export async function planIdOf(file: string): Promise<string> {
  for await (const head of linesOf(file)) {
    const id = head['id'];
    if (head['schema'] === SCHEMA && typeof id === 'string' && /^[\w-]{1,64}$/.test(id)) return id;
    break;
  }
  throw notAPlan(file);
}

function planLine(file: string, line: Readonly<Record<string, unknown>>): PlanLine {
  const { kind, id, experiment_id: experiment, fingerprint: print } = line as Partial<PlanLine>;
  const known = kind === 'run' || kind === 'model' || kind === 'trace' || kind === 'experiment';
  if (known && [id, experiment, print].every((text) => typeof text === 'string'))
    return { kind, id: id ?? '', experiment_id: experiment ?? '', fingerprint: print ?? '' };
  throw notAPlan(file);
}

interface Applying {
  readonly file: string;
  readonly records: Collectable;
  readonly scratch: Scratch;
  readonly scope: CollectScope;
  readonly locationTag: string;
  readonly io: Io;
}

function noteLine(line: PlanLine, found: Candidate | undefined, plan: string, applying: Applying): void {
  const { scratch, locationTag } = applying;
  const { kind, id, experiment_id: experimentId } = line;
  const base = { kind, id, experimentId, named: false, ...found };
  if (!found) {
    note(scratch, { ...base, action: 'absent', reason: 'it is not there any more' }, locationTag);
    return;
  }
  const same = fingerprint(plan, found.uri, found.tags[locationTag]) === line.fingerprint;
  if (same && found.stage === 'deleted') note(scratch, { ...base, action: 'delete' }, locationTag);
  else
    note(
      scratch,
      { ...base, action: 'skip', reason: 'it was restored or changed since the plan' },
      locationTag,
    );
}

async function noteChunk(lines: readonly PlanLine[], plan: string, applying: Applying): Promise<void> {
  const { records, scope, io } = applying;
  const [first] = lines;
  if (!first) return;
  const ids = lines.map(({ id }) => id);
  const found = new Map((await records.find(first.kind, ids, scope, io)).map((each) => [each.id, each]));
  for (const line of lines) noteLine(line, found.get(line.id), plan, applying);
}

/** Notes in the scratch database what a plan names, as it is by now. @throws Failure invalid, not-found */
export async function pickFromPlan(applying: Applying): Promise<void> {
  const plan = await planIdOf(applying.file);
  let waiting: PlanLine[] = [];
  let isHead = true;
  for await (const parsed of linesOf(applying.file)) {
    if (isHead) {
      isHead = false;
      continue;
    }
    const line = planLine(applying.file, parsed);
    if (waiting.length === CHUNK || (waiting[0] && waiting[0].kind !== line.kind)) {
      await noteChunk(waiting, plan, applying);
      waiting = [];
    }
    waiting.push(line);
  }
  await noteChunk(waiting, plan, applying);
}
