import type { Check } from '../../../check.ts';
import { ok, skip, warn, type Finding } from '../../../finding.ts';
import { certificateOf, knock } from '../../../live/ask-server.ts';
import { certificateBehind, failOfTls } from '../../../live/fail-of-tls.ts';
import { tlsTrouble } from '../../../live/tls-trouble.ts';

const USUAL = 'set MLFLOW_TRACKING_SERVER_CERT_PATH to a PEM file with its authority';
const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

function judgeEnd(host: string, validTo: string, issuer: string, now: number): Finding {
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
  const told = `the certificate of ${host}, signed by ${issuer}, ends in ${days} days (${validTo})`;
  return days < SOON_DAYS
    ? warn(told, `renew the certificate of ${host} before then: no client can log anything afterwards`)
    : ok(told);
}

export const serverCertificate: Check = {
  id: 'D17',
  name: 'server-certificate',
  area: 'server',
  title: "The tracking server's certificate is trusted here and does not end soon",
  explain:
    "CERTIFICATE_VERIFY_FAILED: the chain of the certificate ends at an authority that this machine does not know (a company's own), it has expired, or it is for another host name. Set MLFLOW_TRACKING_SERVER_CERT_PATH to a PEM file with the authority; switching verification off with MLFLOW_TRACKING_INSECURE_TLS sends credentials to whoever answers. One that ends within two weeks is a warning.",
  network: true,
  needs: ['server'],
  async run(context, io) {
    const server = await context.server();
    const { host, protocol } = new URL(server.uri);
    if (protocol !== 'https:') return [ok(`${host} is reached without TLS`)];
    try {
      await knock(context, io);
    } catch (thrown) {
      const trouble = tlsTrouble(thrown);
      if (!trouble) return [skip(`${host} was not reached: D70 tells why`)];
      const certificate = await certificateBehind(trouble, io);
      return [failOfTls(trouble, certificate, { usual: USUAL, now: context.clock.now() })];
    }
    const certificate = certificateOf(server);
    if (!certificate) return [ok(`${host} is reached over TLS`)];
    const { O: company, CN: name } = certificate.issuer;
    return [judgeEnd(host, certificate.valid_to, [name ?? company].flat().join(' '), context.clock.now())];
  },
};
