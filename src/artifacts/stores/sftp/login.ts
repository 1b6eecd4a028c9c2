import type { AuthHandlerMiddleware } from 'ssh2';
import { Failure } from '../../../core/failure.ts';
import type { Attempt, Identities } from './identities.ts';
import { labelOf, type Target } from './target.ts';

/** The state of one login: which ways were tried, and which the server takes. */
export interface Login {
  readonly next: AuthHandlerMiddleware;
  /** Why nobody is logged in. */
  failure(cause: unknown): Failure;
}

function methodOf({ auth }: Attempt): string {
  return auth.type === 'agent' ? 'publickey' : auth.type;
}

/** Tries the identities one after the other, of those methods only that the server takes. */
export function startLogin(target: Target, { attempts, skipped }: Identities): Login {
  const tried: string[] = [];
  let accepted: readonly string[] | undefined;
  let index = -1;
  return {
    next: (left: readonly string[] | null, _partial, done) => {
      if (left) accepted = left;
      if (index === -1) {
        index = 0;
        // Asking for nothing first tells which methods the server takes (RFC 4252, section 5.2).
        done({ type: 'none', username: target.user });
        return;
      }
      while (index < attempts.length) {
        const attempt = attempts[index] as Attempt;
        index += 1;
        if (accepted && !accepted.includes(methodOf(attempt))) continue;
        tried.push(attempt.name);
        done(attempt.auth);
        return;
      }
      done(false as never);
    },
    failure: (cause) => refused(target, { tried, skipped, accepted: accepted ?? [] }, cause),
  };
}

interface Told {
  readonly tried: readonly string[];
  readonly skipped: readonly string[];
  readonly accepted: readonly string[];
}

function refused(target: Target, { tried, skipped, accepted }: Told, cause: unknown): Failure {
  const label = labelOf(target);
  const offered = tried.length === 0 ? 'nothing could be offered' : `tried ${tried.join(', ')}`;
  const left = skipped.length === 0 ? '' : `; not usable: ${skipped.join(', ')}`;
  const takes = accepted.length === 0 ? '' : `; the server takes ${accepted.join(', ')}`;
  return new Failure(
    {
      kind: 'unauthenticated',
      message: `${label} did not let ${target.user} in: ${offered}${left}${takes}`,
      hint: `ssh -p ${target.port} ${target.user}@${target.host} shows whether a login works; MLSTOW_SFTP_IDENTITY_FILE names a key`,
      subject: label,
      settings: ['sftp.identityFile', 'sftp.agentSocket', 'sftp.password', 'sftp.configFile'],
    },
    cause,
  );
}
