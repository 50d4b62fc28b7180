// Draws one message as a bubble. Text becomes text nodes only; nothing a customer or the business wrote is ever parsed as HTML.

import { contentOf } from '/content.js';

/** Makes an element: attributes by name, children as nodes or strings. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One or two ticks, coloured by the style sheet through data-ticks of the bubble. */
function ticksIcon(ticks, label) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 22 12');
  svg.setAttribute('class', 'ticks');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const shapes = ticks === 'failed' ? ['M11 1v6', 'M11 10v.5'] : ticks === 'sent' ? ['M6 6l4 4 7-8'] : ['M2 6l4 4 7-8', 'M9 8.5l1.5 1.5 7-8'];
  for (const shape of shapes) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', shape);
    svg.append(path);
  }
  return svg;
}

/** Bold, italics and links as people know them from chats, built from nodes. */
export function richText(text) {
  const line = el('span', { class: 'words' });
  const pattern = /(https?:\/\/[^\s]+)|\*([^*\n]+)\*|_([^_\n]+)_|~([^~\n]+)~/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    line.append(text.slice(from, match.index));
    if (match[1]) line.append(el('a', { href: match[1], target: '_blank', rel: 'noopener noreferrer' }, match[1]));
    else if (match[2]) line.append(el('b', {}, match[2]));
    else if (match[3]) line.append(el('i', {}, match[3]));
    else line.append(el('s', {}, match[4]));
    from = match.index + match[0].length;
  }
  line.append(text.slice(from));
  return line;
}

/** The ad somebody came from. */
function referralNode(referral, say) {
  if (!referral) return null;
  return el('span', { class: 'referral' }, el('small', {}, `${say('fromAd')} · ${referral.source_type ?? 'ad'}`), el('strong', {}, referral.headline ?? ''), referral.body ? el('span', {}, referral.body) : null);
}

function circumstance(context, say) {
  if (!context) return null;
  if (context.frequently_forwarded) return el('small', { class: 'faint' }, `⤳⤳ ${say('forwardedOften')}`);
  if (context.forwarded) return el('small', { class: 'faint' }, `⤳ ${say('forwarded')}`);
  const product = context.referred_product;
  return product ? el('small', { class: 'faint' }, `🛍 ${say('product')} ${product.product_retailer_id}`) : null;
}

/** A whole bubble. `quoted` is the message it answers; `actions` what a person can do with it. */
export function bubble(message, { quoted, actions, say, time, group }) {
  const mine = message.direction === 'in';
  const label = `${say(mine ? 'you' : 'business')}, ${time(message.at)}, ${say(message.ticks)}`;
  const attributes = {
    class: `message ${message.direction}`, 'aria-label': label, 'data-testid': 'message-bubble', 'data-id': message.id,
    'data-direction': message.direction, 'data-type': message.type, 'data-ticks': message.ticks,
  };
  if (message.type === 'system' || message.type === 'call') return el('article', { ...attributes, class: 'line' }, contentOf(message, actions, say).nodes);
  const marks = [message.edited && !message.deleted ? say('edited') : null, message.from_app ? say('fromApp') : null].filter(Boolean).join(' · ');
  const foot = el('span', { class: 'meta' }, marks ? `${marks} · ` : null, time(message.at), mine || message.ticks === 'failed' ? ticksIcon(message.ticks, say(message.ticks)) : null);
  const menu = el('button', { type: 'button', class: 'more', 'aria-haspopup': 'dialog', 'aria-label': say('more'), 'data-testid': 'message-menu', onclick: () => actions.menu(message) }, '⋯');
  if (message.deleted) return el('article', { ...attributes, 'data-deleted': true }, el('div', { class: 'bubble' }, el('i', { class: 'faint' }, `🚫 ${say('deleted')}`), foot));
  const { nodes, extras } = contentOf(message, actions, say);
  const quote = quoted ? el('span', { class: 'quote' }, richText(quoted.text)) : null;
  const author = group && mine ? el('strong', { class: 'author' }, message.from ?? '') : null;
  const bare = message.type === 'sticker' ? ' bare' : '';
  const body = el('div', { class: `bubble${bare}` }, menu, author, circumstance(message.context, say), referralNode(message.referral, say), quote, nodes, foot);
  const stuck = message.reactions?.length ? el('span', { class: 'reaction', 'data-testid': 'reactions' }, message.reactions.map(({ emoji }) => emoji).join(' ')) : null;
  const error = message.error_code ? el('small', { class: 'failure' }, `${say('failed')}: ${message.error_code}`) : null;
  return el('article', attributes, body, extras, stuck, error);
}
