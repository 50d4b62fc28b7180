// What is inside a bubble, by type: nodes within it, extras (buttons) under it.

import { el, richText } from '/bubbles.js';

const testid = (id) => ({ 'data-testid': id });
const choice = (label, id, onclick, more = {}) => el('button', { type: 'button', class: 'choice', ...testid(id), ...more, onclick }, label);
const link = (label, href, id) => el('a', { class: 'choice', href: /^https?:/.test(href ?? '') ? href : null, target: '_blank', rel: 'noopener noreferrer', ...testid(id) }, label);
const source = (payload) => (payload.id ? `/sim/media/${encodeURIComponent(payload.id)}` : null);

const host = (address) => { try { return new URL(address).host; } catch { return ''; } };

/** A file: pictures and sounds are shown, the rest is a card. */
function fileNode(type, payload, { message, actions, say }) {
  const src = source(payload);
  if (!src && (type === 'image' || type === 'video')) return el('a', { href: /^https?:/.test(payload.link ?? '') ? payload.link : null, target: '_blank', rel: 'noopener noreferrer', class: 'linked', title: payload.link }, el('span', { 'aria-hidden': 'true' }, type === 'image' ? '🖼' : '🎬'), el('span', {}, `${say(type)} · ${host(payload.link)}`));
  if (!src) return el('a', { href: /^https?:/.test(payload.link ?? '') ? payload.link : null, target: '_blank', rel: 'noopener noreferrer', class: 'file' }, el('span', { class: 'file-icon' }, '🔗'), el('span', {}, payload.filename ?? payload.link ?? `[${type}]`));
  if (type === 'image' || type === 'sticker') return el('img', { src, alt: payload.caption ?? say(type), class: type, loading: 'lazy' });
  if (type === 'video') return el('video', { src, controls: true, preload: 'metadata' });
  if (type === 'audio') {
    const played = () => { if (message?.direction === 'out') actions.played(message); };
    return el('span', { class: 'voice' }, el('span', { class: 'file-icon', 'aria-hidden': 'true' }, payload.voice ? '🎤' : '🎵'), el('audio', { src, controls: true, preload: 'none', 'aria-label': say('audio'), onplay: played }));
  }
  const name = payload.filename ?? say('document');
  const kind = name.includes('.') ? name.split('.').pop().slice(0, 4).toUpperCase() : 'DOC';
  return el('a', { href: src, target: '_blank', rel: 'noopener', class: 'file' }, el('span', { class: 'file-icon' }, kind), el('span', {}, name));
}

function locationNode(payload, say) {
  const space = 'http://www.w3.org/2000/svg';
  const map = document.createElementNS(space, 'svg');
  map.setAttribute('viewBox', '0 0 240 110');
  map.setAttribute('class', 'map');
  map.setAttribute('role', 'img');
  map.setAttribute('aria-label', say('location'));
  // Streets that depend on the place, so that two places do not look the same.
  const seed = Math.abs(Math.round((Number(payload.latitude) * 131 + Number(payload.longitude) * 37) * 10));
  const streets = [0, 1, 2, 3, 4].map((n) => `M${(seed * (n + 3)) % 240} 0L${(seed * (n + 7) + 60) % 240} 110`).concat([25, 55, 85].map((y) => `M0 ${y + (seed % 17)}L240 ${y - (seed % 11)}`));
  for (const [d, css] of [...streets.map((d) => [d, 'street']), ['M120 62c-9-13-14-18-14-26a14 14 0 0 1 28 0c0 8-5 13-14 26z', 'pin']]) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', d);
    path.setAttribute('class', css);
    map.append(path);
  }
  return el('span', { class: 'place' }, map, el('strong', {}, payload.name ?? say('location')), payload.address ? el('span', {}, payload.address) : null, el('small', { class: 'faint' }, `${Number(payload.latitude).toFixed(5)}, ${Number(payload.longitude).toFixed(5)}`));
}

const cardNode = (card) => el('span', { class: 'file' }, el('span', { class: 'file-icon' }, '👤'), el('span', {}, el('strong', {}, card.name?.formatted_name ?? ''), el('br'), el('small', {}, [card.phones?.[0]?.phone, card.org?.company].filter(Boolean).join(' · '))));

const money = (amount, currency) => `${currency} ${(Number(amount?.value ?? 0) / Number(amount?.offset ?? 1)).toFixed(2)}`;

function orderNode(payload, say) {
  const rows = (payload.product_items ?? []).map((item) => el('tr', {}, el('td', {}, `${item.quantity} ×`), el('td', {}, item.product_retailer_id), el('td', {}, `${item.currency} ${Number(item.item_price).toFixed(2)}`)));
  return el('span', {}, el('strong', {}, `🛒 ${say('order')}`), el('table', { class: 'order' }, el('tbody', {}, rows)), payload.text ? richText(payload.text) : null);
}

function headerNode(header, context) {
  if (!header) return null;
  if (header.type === 'text') return el('strong', { class: 'head' }, header.text ?? '');
  if (header.type === 'location') return locationNode(header.location ?? {}, context.say);
  return fileNode(header.type, header[header.type] ?? {}, context);
}

const foot = (text) => (text ? el('small', { class: 'foot' }, text) : null);

/** What a tap under the business's message leads to, by its kind. */
function interactiveExtras(message, actions, say) {
  const payload = message.payload ?? {};
  const action = payload.action ?? {};
  const parameters = action.parameters ?? {};
  switch (payload.type?.toLowerCase()) {
    case 'button': return (action.buttons ?? []).filter(({ reply }) => reply).map(({ reply }) => choice(reply.title, 'reply-button', () => actions.tap(message, reply), { 'data-id': reply.id }));
    case 'list': return [choice(`☰ ${action.button ?? say('open')}`, 'list-opener', () => actions.openList(message), { 'aria-haspopup': 'dialog' })];
    case 'cta_url': return [link(`↗ ${parameters.display_text ?? say('open')}`, parameters.url, 'cta-link')];
    case 'flow': return [choice(`▤ ${parameters.flow_cta ?? say('open')}`, 'flow-button', () => actions.form(message, 'flow', parameters), { 'aria-haspopup': 'dialog' })];
    case 'address_message': return [choice(`⌂ ${say('giveAddress')}`, 'address-button', () => actions.form(message, 'address_message', parameters), { 'aria-haspopup': 'dialog' })];
    case 'location_request_message': return [choice(`📍 ${say('sendLocation')}`, 'location-button', () => actions.giveLocation(message))];
    case 'contact_request': return [choice(`👤 ${say('sendMyContact')}`, 'contact-button', () => actions.giveContact(message))];
    case 'voice_call': return [choice(`📞 ${parameters.display_text ?? say('call')}`, 'call-button', () => actions.call('missed'))];
    case 'call_permission_request': return ['accept', 'reject'].map((answer) => choice(say(answer), `permission-${answer}`, () => actions.permit(message, answer)));
    case 'product': case 'catalog_message': return [choice(`🛍 ${say('orderThis')}`, 'order-button', () => actions.order(action, [action.product_retailer_id ?? parameters.thumbnail_product_retailer_id]))];
    case 'product_list': return [choice(`🛍 ${say('orderThis')}`, 'order-button', () => actions.order(action, (action.sections ?? []).flatMap((section) => section.product_items.map((item) => item.product_retailer_id))))];
    case 'order_details': return [choice(`💳 ${say('pay')} ${money(parameters.total_amount, parameters.currency)}`, 'pay-button', () => actions.say(`${say('paid')} ${parameters.reference_id}`))];
    default: return [];
  }
}

function orderLines(parameters) {
  return el('table', { class: 'order' }, el('tbody', {}, (parameters.order?.items ?? []).map((item) => el('tr', {}, el('td', {}, `${item.quantity} ×`), el('td', {}, item.name), el('td', {}, money(item.amount, parameters.currency))))));
}

function cardsNode(cards) {
  return el('div', { class: 'carousel', ...testid('carousel'), tabindex: '0' }, cards.map(({ nodes, extras }) => el('div', { class: 'card' }, nodes, extras)));
}

function interactiveContent(message, actions, say) {
  const payload = message.payload ?? {};
  const context = { message, actions, say };
  const nodes = [headerNode(payload.header, context), richText(payload.body?.text ?? message.text)];
  if (payload.type === 'order_details') nodes.push(orderLines(payload.action?.parameters ?? {}));
  if (payload.type === 'order_status') nodes.push(el('small', { class: 'faint' }, `${say('order')} ${payload.action?.parameters?.reference_id ?? ''}: ${payload.action?.parameters?.order?.status ?? ''}`));
  nodes.push(foot(payload.footer?.text));
  if (payload.type !== 'carousel') return { nodes, extras: interactiveExtras(message, actions, say) };
  const cards = (payload.action?.cards ?? []).map((card) => {
    const { name, parameters, buttons } = card.action ?? {};
    const extras = name ? [link(`↗ ${parameters?.display_text ?? say('open')}`, parameters?.url, 'cta-link')] : (buttons ?? []).map(({ quick_reply: reply }) => choice(reply?.title ?? '', 'reply-button', () => actions.tap(message, reply), { 'data-id': reply?.id }));
    return { nodes: [headerNode(card.header, context), richText(card.body?.text ?? '')], extras };
  });
  return { nodes, extras: [cardsNode(cards)] };
}

/** A template as it was filled in; older ones have their words only. */
function templateContent(message, actions, say) {
  const shown = message.payload?.shown;
  if (!shown) return { nodes: [richText(message.text)], extras: [] };
  const context = { message, actions, say };
  const buttons = (list) => (list ?? []).map((button) => {
    if (button.type === 'url') return link(`↗ ${button.text}`, button.url, 'cta-link');
    if (button.type === 'quick_reply') return choice(button.text, 'template-button', () => actions.quickReply(message, button));
    if (button.type === 'copy_code') return choice(`📋 ${button.text ?? say('copy')}`, 'copy-button', () => navigator.clipboard?.writeText(button.code));
    if (button.type === 'phone_number') return el('a', { class: 'choice', href: `tel:${button.phone_number}` }, `📞 ${button.text}`);
    return choice(button.text ?? button.type, 'template-other', () => {});
  });
  const part = (piece) => [headerNode(piece.header, context), piece.body ? richText(piece.body) : null, foot(piece.footer)];
  const cards = (shown.cards ?? []).map((card) => ({ nodes: part(card), extras: buttons(card.buttons) }));
  return { nodes: part(shown), extras: [...buttons(shown.buttons), cards.length ? cardsNode(cards) : null] };
}

/** What the customer answered with a tap or a form. */
function answerContent(message, say) {
  const payload = message.payload ?? {};
  if (payload.nfm_reply) return { nodes: [el('span', { class: 'file' }, el('span', { class: 'file-icon' }, '▤'), el('span', {}, el('strong', {}, payload.nfm_reply.body ?? say('answered')), el('br'), el('small', {}, payload.nfm_reply.response_json ?? '')))], extras: [] };
  if (payload.call_permission_reply) return { nodes: [richText(`📞 ${say(payload.call_permission_reply.response)}`)], extras: [] };
  const description = payload.list_reply?.description;
  return { nodes: [richText(message.text), description ? el('small', { class: 'faint' }, description) : null], extras: [] };
}

const plain = (...nodes) => ({ nodes, extras: [] });

/** Nodes and extras of a message. */
export function contentOf(message, actions, say) {
  const payload = message.payload ?? {};
  switch (message.type) {
    case 'text': case 'button': return plain(richText(message.text));
    case 'template': return templateContent(message, actions, say);
    case 'interactive': return message.direction === 'out' ? interactiveContent(message, actions, say) : answerContent(message, say);
    case 'image': case 'sticker': case 'audio': case 'video': case 'document': return plain(fileNode(message.type, payload, { message, actions, say }), payload.caption ? richText(payload.caption) : null);
    case 'location': return plain(locationNode(payload, say));
    case 'contacts': return plain(...(Array.isArray(payload) ? payload : []).map(cardNode));
    case 'order': return plain(orderNode(payload, say));
    case 'call': return plain(`📞 ${say(`call_${payload.outcome}`)}`);
    case 'system': return plain(payload.body ?? say('system'));
    case 'unsupported': return plain(el('i', { class: 'faint' }, `${say('cannotShow')}${payload?.type ? ` (${payload.type})` : ''}`));
    default: return plain(el('i', { class: 'faint' }, `${say('unsupported')} (${message.type})`));
  }
}
