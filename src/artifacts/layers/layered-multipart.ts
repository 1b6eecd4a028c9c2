import type { ArtifactPath } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import type { ArtifactStore, Incomplete, Multipart, UploadSession } from '../store.ts';
import { eachPage } from './each-page.ts';
import { refuseName, sendOnce, type RunOperation } from './run-operation.ts';

/** Uploads in parts whose every request is an operation; `attach` makes none. */
export function layeredMultipart(store: ArtifactStore, multipart: Multipart, run: RunOperation): Multipart {
  const { attach } = multipart;
  return {
    ...multipart,
    begin: async (path, plan, io) => {
      refuseName(store, path);
      const session = await run({ verb: 'begin', path, repeatable: false }, io, async (inner) =>
        multipart.begin(path, plan, inner),
      );
      return layeredSession(path, session, run);
    },
    ...(attach
      ? {
          attach: (path, token, plan) => {
            refuseName(store, path);
            return layeredSession(path, attach(path, token, plan), run);
          },
        }
      : {}),
  };
}

function layeredSession(path: ArtifactPath, session: UploadSession, run: RunOperation): UploadSession {
  const { confirmed } = session;
  return {
    token: session.token,
    tokenIsSecret: session.tokenIsSecret,
    put: async (part, source, io) =>
      run({ verb: 'part', path, repeatable: source.replayable }, io, async (inner) =>
        sendOnce(source, async (sent) => session.put(part, sent, inner)),
      ),
    commit: async (receipts, expect, io) =>
      run({ verb: 'commit', path, repeatable: true }, io, async (inner) =>
        session.commit(receipts, expect, inner),
      ),
    abort: async (io) =>
      run({ verb: 'abort', path, repeatable: true }, io, async (inner) => session.abort(inner)),
    ...(confirmed ? { confirmed: (io: Io) => confirmedPages(path, confirmed, run, io) } : {}),
  };
}

/** Parts that a page told already are not told again by the page that was asked anew. */
async function* confirmedPages(
  path: ArtifactPath,
  confirmed: NonNullable<UploadSession['confirmed']>,
  run: RunOperation,
  io: Io,
): ReturnType<NonNullable<UploadSession['confirmed']>> {
  let told = 0;
  for await (const page of eachPage({ verb: 'confirm', path }, confirmed, run, io)) {
    const fresh = page.filter(({ number }) => number > told);
    told = fresh.at(-1)?.number ?? told;
    if (fresh.length > 0) yield fresh;
  }
}

/** Unfinished uploads, each page and each discarding an operation. */
export function layeredIncomplete(incomplete: Incomplete, run: RunOperation): Incomplete {
  return {
    ...(incomplete.owned ? { owned: true } : {}),
    list: (under, io) =>
      eachPage({ verb: 'unfinished', path: under }, (inner) => incomplete.list(under, inner), run, io),
    discard: async (unfinished, io) => {
      const { path } = unfinished;
      await run({ verb: 'discard', path, repeatable: true }, io, async (inner) =>
        incomplete.discard(unfinished, inner),
      );
    },
  };
}
