import { Failure } from '../../../core/failure.ts';
import { parseXml, type Element } from '../../../core/parse-xml.ts';

/**
 * The root element of a document.
 * @throws Failure corrupt when it is not XML
 */
export function parseDocument(text: string, subject: string): Element {
  try {
    return parseXml(text);
  } catch (thrown) {
    throw new Failure(
      { kind: 'corrupt', message: `the answer about ${subject} is not the XML that S3 speaks`, subject },
      thrown,
    );
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for inside an element; line ends survive. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ESCAPES[c] ?? c).replace(/[\r\n\t]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Whether XML 1.0 can carry a text at all. */
export function fitsXml(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
}
