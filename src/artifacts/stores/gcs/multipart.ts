import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { discard } from '../../../net/read-body.ts';
import type { Multipart, Receipt, Stored, UploadPlan, UploadSession } from '../../store.ts';
import { confirmDigests } from '../../announced.ts';
import { confirmedParts } from './confirmed-parts.ts';
import { FIELDS, toBase64 } from './entry.ts';
import { putPart } from './put-part.ts';
import { askStatus, cancelSession, sendPiece, type Outcome } from './resumable.ts';
import { keyOf, subjectOf, uploadUrl, type Root } from './root.ts';
import { crc32cOf, given, lost, newState, uploadFailure, type UploadState } from './upload-state.ts';
import { checkCondition, conditionQuery, confirmStored, typeOf, uploading } from './write.ts';

/** The largest object, in bytes: https://cloud.google.com/storage/quotas#objects */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 4;
/** Last pieces that are sent before a commit is given up. */
const MAX_TRIES = 3;

type Expect = Parameters<UploadSession['commit']>[1];

/** What was sent in all: bytes and their CRC32C in hex. */
interface Sent {
  readonly size: number;
  readonly crc32c: string | undefined;
}

/** What the parts make: their CRC32C, unless that of one is not known. */
function checkReceipts(state: UploadState, receipts: readonly Receipt[], expect: Expect): Sent {
  let size = 0;
  for (const [index, receipt] of receipts.toSorted((a, b) => a.number - b.number).entries()) {
    if (receipt.number !== index + 1 || receipt.offset !== size) {
      throw uploadFailure(state, 'corrupt', `part ${index + 1} is missing`);
    }
    size += receipt.size;
  }
  const held = state.attached && !state.begun ? size : given(state);
  if (size !== expect.size || held !== expect.size) {
    throw uploadFailure(state, 'corrupt', `the parts have ${held} bytes, not ${expect.size}`);
  }
  const value = crc32cOf(receipts);
  if (value !== undefined) {
    confirmDigests(expect.checksums, [{ algorithm: 'crc32c', value, scope: 'whole' }]);
  }
  return { size, crc32c: value };
}

/** Sends what is held, with the CRC32C of the whole, which Google checks before it publishes. */
async function sendLast(state: UploadState, { size: total, crc32c }: Sent, io: Io): Promise<Outcome> {
  const { kept: from, heldAt, held } = state;
  if (from < heldAt) throw lost(state, 'the service lost bytes that it had');
  const rest = held.subarray(from - heldAt);
  const headers: Record<string, string> =
    crc32c === undefined ? {} : { 'x-goog-hash': `crc32c=${toBase64(crc32c)}` };
  const chunks = async function* () {
    if (rest.byteLength > 0) yield rest;
  };
  return sendPiece(state, { from, to: total, total, replayable: true, headers, chunks }, io);
}

async function publish(state: UploadState, sent: Sent, io: Io): Promise<Stored> {
  let outcome: Outcome = state.sure ? { kept: state.kept } : await askStatus(state, sent.size, io);
  if ('kept' in outcome && state.attached && !state.begun) {
    throw lost(state, `the service has ${outcome.kept} bytes and is not given the rest`);
  }
  for (let tries = 0; 'kept' in outcome; tries += 1) {
    if (tries === MAX_TRIES) {
      throw uploadFailure(state, 'unavailable', 'the service keeps less than it is sent').with({
        retry: 'later',
      });
    }
    outcome = await sendLast(state, sent, io);
  }
  // A session that ended with a wrong object is not asked again.
  state.ended = true;
  return confirmStored(state.root, state.path, outcome.finished, sent, io).catch((thrown: unknown) => {
    // The session has ended with it: asked again, it could only tell the same.
    throw thrown instanceof Failure ? thrown.with({ retry: 'never' }) : thrown;
  });
}

async function commit(
  state: UploadState,
  receipts: readonly Receipt[],
  expect: Expect,
  io: Io,
): Promise<Stored> {
  if (state.done) return state.done;
  if (state.ended) throw uploadFailure(state, 'conflict', 'the upload was given up');
  const sent = checkReceipts(state, receipts, expect);
  const { root, path, when } = state;
  await checkCondition(root, path, when, io);
  state.done = await uploading(root, path, when, io, async () => publish(state, sent, io));
  return state.done;
}

function sessionOf(state: UploadState, partBytes: number): UploadSession {
  return {
    token: state.uri.href,
    tokenIsSecret: true,
    put: async (part, source, io) => {
      if (state.ended) throw uploadFailure(state, 'conflict', 'the upload was given up');
      return putPart(state, part, source, io);
    },
    commit: async (receipts, expect, io) => commit(state, receipts, expect, io),
    abort: async (io) => {
      if (state.ended) return;
      state.ended = true;
      await cancelSession(state, io);
    },
    confirmed: (io) => confirmedParts(state, partBytes, io),
  };
}

function attach(root: Root, path: ArtifactPath, token: string, plan: UploadPlan): UploadSession {
  const uri = sessionUri(root, token, subjectOf(root, path));
  return sessionOf(newState({ root, path, when: plan.when, uri, attached: true }), plan.partBytes);
}

/** The session's address, at the endpoint that was told: it is a secret and goes nowhere else. */
function sessionUri(root: Root, location: string | undefined, subject: string): URL {
  if (location !== undefined && URL.canParse(location, root.client.endpoint)) {
    const { pathname, search } = new URL(location, root.client.endpoint);
    return new URL(`${pathname}${search}`, root.client.endpoint);
  }
  const message = `the service began no upload of ${subject}`;
  throw new Failure({ kind: 'corrupt', message, subject });
}

async function begin(root: Root, path: ArtifactPath, plan: UploadPlan, io: Io): Promise<UploadSession> {
  const { when, media } = plan;
  await checkCondition(root, path, when, io);
  const subject = subjectOf(root, path);
  const name = keyOf(root, path);
  const metadata = Buffer.from(JSON.stringify({ contentType: typeOf(media) }));
  const response = await uploading(root, path, when, io, async () =>
    root.client.send(
      {
        method: 'POST',
        doing: 'begin the upload of',
        subject,
        url: uploadUrl(root, { uploadType: 'resumable', name, fields: FIELDS, ...conditionQuery(when) }),
        headers: {
          'content-type': 'application/json; charset=UTF-8',
          'x-upload-content-type': typeOf(media),
        },
        body: { length: metadata.byteLength, replayable: true, open: () => metadata },
      },
      io,
    ),
  );
  discard(response);
  const uri = sessionUri(root, response.headers['location'], subject);
  return sessionOf(newState({ root, path, when, uri, attached: false }), plan.partBytes);
}

/**
 * Parts as the chunks of one resumable session: https://cloud.google.com/storage/docs/resumable-uploads. Parts have the
 * size that MLFLOW_GCS_UPLOAD_CHUNK_SIZE says. Google ends an abandoned session itself after a week. One that another
 * process began goes on from what the service says that it has; the CRC32C of the whole, from the receipts of all parts,
 * tells a mixture before it is published. Tested against a listener that plays Google's documented answers, not run
 * against Google itself: https://cloud.google.com/storage/docs/performing-resumable-uploads#resume-upload
 */
export function multipartOf(root: Root): Multipart {
  return {
    order: 'sequential',
    uniform: false,
    needsSize: false,
    minBytes: root.uploadChunkBytes,
    maxBytes: root.uploadChunkBytes,
    maxParts: Math.ceil(MAX_OBJECT_BYTES / root.uploadChunkBytes),
    begin: async (path, plan, io) => begin(root, path, plan, io),
    attach: (path, token, plan) => attach(root, path, token, plan),
  };
}
