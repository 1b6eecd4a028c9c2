import type { Check } from '../../doctor/check.ts';
import type { Examination } from '../../doctor/context.ts';
import { hideSecrets } from '../../doctor/hide-secrets.ts';
import { runChecks, type Outcome } from '../../doctor/run-checks.ts';
import type { Finding } from '../../doctor/finding.ts';
import type { Session } from '../session.ts';
import { createContext } from './create-context.ts';
import { hasten } from './hasten.ts';

/** Runs checks on a session's settings and what they lead to; nothing secret is in what comes out. */
export async function* examine(
  session: Session,
  checks: readonly Check[],
  asked: Examination,
): AsyncGenerator<Outcome> {
  const hide = hideSecrets(session.config, session.world.env);
  const hasty = session.withConfig(hasten(session.config));
  const context = { ...createContext(hasty, asked), config: session.config };
  try {
    for await (const outcome of runChecks(checks, context, session.io)) {
      yield { ...outcome, findings: outcome.findings.map((finding) => redacted(finding, hide)) };
    }
  } finally {
    await hasty.close();
  }
}

function redacted(finding: Finding, hide: (text: string) => string): Finding {
  const { subject, evidence } = finding;
  const told = { evidence: hide(evidence), ...(subject === undefined ? {} : { subject: hide(subject) }) };
  return 'remedy' in finding
    ? { level: finding.level, ...told, remedy: hide(finding.remedy) }
    : { level: finding.level, ...told };
}
