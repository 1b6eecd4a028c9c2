import { randomBytes } from 'node:crypto';
import { bytesSource } from '../../../../artifacts/sources.ts';
import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Check } from '../../../check.ts';
import type { Context } from '../../../context.ts';
import { fail, ok, skip, warn, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { toldElsewhere } from '../../../live/judge-roots.ts';
import { probeName, removeProbes, staleProbes, withProbe } from '../../../live/probe-file.ts';
import { probePlace, type ProbePlace } from '../../../live/probe-place.ts';
import { troubleAbove } from '../../../live/survey-roots.ts';
import { readAsServer, writeAsServer } from '../../../live/server-eyes.ts';

const USUAL = 'mend what it names, then run mlstow doctor again';

interface Trip {
  readonly context: Context;
  readonly place: ProbePlace;
  readonly path: ArtifactPath;
  /** Text, so that it survives being read as text. */
  readonly content: string;
  readonly io: Io;
}

async function readAsClient({ place, path, io }: Trip): Promise<string> {
  const body = await place.store.read(path, {}, io);
  const chunks: Buffer[] = [];
  for await (const chunk of body.stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function mangled({ place }: Trip, whose: string): Finding {
  return fail(
    `a probe written to ${place.location.redacted} reads back changed by ${whose}`,
    'ask whoever runs the store and the proxies on the way: something rewrites or cuts bodies',
  );
}

/** It is no loss: whoever has the driver and the credentials reads it. */
function blind({ place }: Trip, said: string): Finding {
  const where = place.location.redacted;
  return skip(
    `the server cannot look at ${where} itself (${said}): it has no driver for ${place.location.scheme}:, or no access; clients that have both read it`,
  );
}

function elsewhere({ place }: Trip, said: string): Finding {
  return warn(
    `this client wrote an artifact to ${place.location.redacted}, and the server does not find it there: ${said}`,
    'give the server the same address of that store (MLFLOW_S3_ENDPOINT_URL, a mount of the same share) as its clients have',
  );
}

/** There: the client writes, the server reads with its own eyes. */
async function there(trip: Trip): Promise<readonly Finding[]> {
  const { context, place, path, io } = trip;
  const seen = await readAsServer(context, place.runId, path, io);
  if (seen.saw !== 'bytes')
    return [seen.saw === 'blind' ? blind(trip, seen.said) : elsewhere(trip, seen.said)];
  if (seen.body !== trip.content) return [mangled(trip, 'the server')];
  return [ok(`written here, read by the server, at ${place.location.redacted}`)];
}

/** And back: the server writes, the client reads. Behind a proxy both are the same store by the same hands. */
async function back(trip: Trip): Promise<readonly Finding[]> {
  const { context, place, path, io } = trip;
  if (place.proxied) return [];
  const content = `${trip.content} and back`;
  if (!(await writeAsServer(context, place.runId, path, Buffer.from(content), io))) return [];
  if ((await readAsClient(trip)) !== content) return [mangled(trip, 'the server')];
  return [ok(`written by the server, read here, at ${place.location.redacted}`)];
}

async function travel(trip: Trip): Promise<readonly Finding[]> {
  const { context, place, path, content, io } = trip;
  await place.store.write(path, bytesSource(Buffer.from(content)), {}, io);
  if ((await readAsClient(trip)) !== content) return [mangled(trip, "the client's own store")];
  const { serverArtifacts } = await context.tracking();
  if (!serverArtifacts) return [ok(`written and read back at ${place.location.redacted}`)];
  const onTheWay = await there(trip);
  return onTheWay.every(({ level }) => level === 'ok') ? [...onTheWay, ...(await back(trip))] : onTheWay;
}

/** What doctors that were killed left in this run. */
async function clean({ store }: ProbePlace, context: Context, io: Io): Promise<void> {
  for await (const page of store.list('', { recursive: false }, io))
    await removeProbes(store, staleProbes(page, context.clock), io);
}

export const roundTrip: Check = {
  id: 'D77',
  name: 'round-trip',
  area: 'end to end',
  title: 'What this client writes the server reads, and back',
  explain:
    'A probe is written into the artifacts of a run as `artifacts log` would, read back, and read through the server as its web pages do; where the client reaches the store itself, the server then writes one and the client reads it. The run is the target, else the newest one; none is made without --create-probe-run. Where the server lacks the driver of that store (no pysftp, no Hadoop) or access to it, its part is skipped: clients log there, its pages cannot show it.',
  network: true,
  writes: true,
  needs: ['D01', 'tracking', 'probeRun'],
  timeoutMs: 20_000,
  async run(context, io) {
    const place = await probePlace(context, io);
    const above = await troubleAbove(place.location, context, io);
    if (above?.trouble) return [toldElsewhere(above.trouble, above.root.uri)];
    const path = probeName(context.clock);
    const trip: Trip = { context, place, path, content: randomBytes(64).toString('hex'), io };
    try {
      await clean(place, context, io);
      return await withProbe(place.store, path, io, async () => travel(trip));
    } catch (thrown) {
      if (thrown instanceof Failure && !io.signal.aborted) return [failWith(thrown, USUAL)];
      throw thrown;
    }
  },
};
