// What the customer does with the phone: every kind of message, answers to the business, changes of older messages.

import { el } from '/bubbles.js';
import { closeSheet, form, openSheet, row } from '/sheets.js';

const FILE_BYTES_MAX = 100 * 1024 * 1024;
const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const PLACE = { latitude: -23.55052, longitude: -46.633308, name: 'Praça da Sé', address: 'Centro, São Paulo' };

/** `host`: ask, attempt, of, about, say, state, answering (shows what is answered or edited), fail. */
export function deeds(host) {
  const { ask, attempt, of, about: to, say, state } = host;
  const member = () => { const contact = state.contacts.get(state.phone); return contact?.members ? `&from=${contact.members[state.member ?? 0]}` : ''; };
  const write = async (message) => {
    const answer = await attempt(() => ask('POST', of(state.phone, `/messages?${to()}${member()}`), message));
    if (['edit', 'revoke'].includes(message.type)) await host.reread();
    return answer;
  };
  const context = (message) => ({ from: state.business.display_phone_number, id: message.id });
  const post = (path, body) => attempt(() => ask('POST', of(state.phone, `${path}?${to()}`), body));

  /** The composer's words: new, an answer, or an edit. */
  async function words(body) {
    const { answering } = state;
    host.answering(null);
    if (answering?.edit) return write({ type: 'edit', edit: { original_message_id: answering.message.id, message: { type: 'text', text: { body } } } });
    return write({ type: 'text', text: { body }, ...(answering ? { context: context(answering.message) } : {}) });
  }

  const interactive = (message, kind, answer) => write({ type: 'interactive', interactive: { type: kind, [kind]: answer }, context: context(message) });

  function openList(message) {
    const { action } = message.payload;
    const rows = (action.sections ?? []).flatMap((section) => [
      section.title ? el('h4', {}, section.title) : null,
      ...section.rows.map((entry) => row(entry.title, 'list-row', () => interactive(message, 'list_reply', { id: entry.id, title: entry.title, ...(entry.description ? { description: entry.description } : {}) }), { detail: entry.description, data: entry.id })),
    ]);
    openSheet(action.button ?? '', rows, say);
  }

  /** A flow or an address: the answer is JSON in a string. */
  function fillForm(message, name, parameters) {
    const start = name === 'flow' ? { flow_token: parameters.flow_token ?? 'unused', nome: state.contacts.get(state.phone)?.name } : { values: { name: state.contacts.get(state.phone)?.name, address: PLACE.address, city: 'São Paulo' } };
    const send = ({ answer }) => interactive(message, 'nfm_reply', { name, body: 'Sent', response_json: answer });
    openSheet(parameters.flow_cta ?? say('giveAddress'), [form([{ name: 'answer', label: say('formAnswer'), value: JSON.stringify(start), lines: 6 }], say('send'), send)], say);
  }

  function location(extra = {}) {
    const fields = [{ name: 'name', label: say('placeName'), value: PLACE.name }, { name: 'address', label: say('address'), value: PLACE.address }, { name: 'latitude', label: say('latitude'), value: PLACE.latitude, kind: 'number' }, { name: 'longitude', label: say('longitude'), value: PLACE.longitude, kind: 'number' }];
    const send = ({ name, address, latitude, longitude }) => write({ type: 'location', location: { latitude: Number(latitude), longitude: Number(longitude), ...(name ? { name } : {}), ...(address ? { address } : {}) }, ...extra });
    openSheet(say('location'), [form(fields, say('send'), send)], say);
  }

  function contact() {
    const fields = [{ name: 'name', label: say('name'), value: 'Bruno Exemplo' }, { name: 'phone', label: say('phone'), value: '+55 11 91234-0002', kind: 'tel' }];
    const send = ({ name, phone }) => write({ type: 'contacts', contacts: [card(name, phone, 'other')] });
    openSheet(say('contact'), [form(fields, say('send'), send)], say);
  }

  const card = (name, phone, origin) => ({ name: { formatted_name: name, first_name: name.split(' ')[0] }, phones: [{ phone, wa_id: phone.replace(/\D/g, ''), type: 'CELL' }], ...(origin === 'other' ? {} : { origin }) });

  function giveContact(message) {
    const me = state.contacts.get(state.phone);
    return write({ type: 'contacts', contacts: [card(me.name, `+${me.phone}`, 'contact_request')], context: context(message) });
  }

  async function file(chosen, voice) {
    if (chosen.size > FILE_BYTES_MAX) return host.fail(say('tooBig'));
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    let binary = '';
    for (let at = 0; at < bytes.length; at += 32768) binary += String.fromCharCode(...bytes.subarray(at, at + 32768));
    const kind = ['image', 'audio', 'video'].find((prefix) => chosen.type.startsWith(`${prefix}/`)) ?? 'document';
    const { answering } = state;
    host.answering(null);
    const payload = { data_base64: btoa(binary), mime_type: chosen.type || 'application/octet-stream', ...(kind === 'document' ? { filename: chosen.name } : {}), ...(kind === 'audio' ? { voice: Boolean(voice) } : {}) };
    return write({ type: kind, [kind]: payload, ...(answering ? { context: context(answering.message) } : {}) });
  }

  /** A picture made here: a router with one red light, or a sticker. */
  function picture(kind) {
    const canvas = el('canvas', { width: kind === 'sticker' ? 320 : 640, height: kind === 'sticker' ? 320 : 420 });
    const ink = canvas.getContext('2d');
    if (kind === 'sticker') {
      ink.font = '220px serif';
      ink.fillText('🛜', 30, 250);
    } else {
      ink.fillStyle = '#cfd8d3'; ink.fillRect(0, 0, 640, 420);
      ink.fillStyle = '#8a6f52'; ink.fillRect(0, 300, 640, 120);
      ink.fillStyle = '#20292a'; ink.fillRect(130, 210, 380, 100); ink.fillRect(170, 70, 14, 140); ink.fillRect(456, 70, 14, 140);
      ['#4fd18b', '#4fd18b', '#e5483d', '#4fd18b'].forEach((light, at) => { ink.fillStyle = light; ink.beginPath(); ink.arc(220 + at * 66, 262, 11, 0, 7); ink.fill(); });
    }
    const type = kind === 'sticker' ? 'image/webp' : 'image/jpeg';
    canvas.toBlob(async (blob) => {
      const bytes = new Uint8Array(await blob.arrayBuffer());
      const data = btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
      write({ type: kind, [kind]: { data_base64: data, mime_type: blob.type, ...(kind === 'image' ? { caption: say('lightCaption') } : {}) } });
    }, type, 0.85);
  }

  const referral = () => write({ type: 'text', text: { body: say('adText') }, referral: { source_url: 'https://fb.me/exemplo', source_id: '120200000000000001', source_type: 'ad', headline: say('adHeadline'), body: say('adBody'), media_type: 'image', image_url: 'https://example.com/ad.jpg', ctwa_clid: 'exemplo' } });
  const order = (action, products) => write({ type: 'order', order: { catalog_id: action.catalog_id ?? '1', text: '', product_items: products.filter(Boolean).slice(0, 10).map((id) => ({ product_retailer_id: id, quantity: 1, item_price: 99.9, currency: 'BRL' })) } });
  const call = (outcome) => post('/calls', { outcome, duration_s: outcome === 'completed' ? 42 : 0 });

  function attach() {
    const pick = () => document.getElementById('attachment').click();
    const forwarded = () => openSheet(say('forwarded'), [form([{ name: 'text', label: say('write'), value: say('forwardText') }], say('send'), ({ text }) => write({ type: 'text', text: { body: text }, context: { forwarded: true } }))], say);
    openSheet(say('attach'), [
      row(say('file'), 'attach-file', pick, { icon: '📎', detail: say('fileDetail') }),
      row(say('photo'), 'attach-photo', () => picture('image'), { icon: '📷' }),
      row(say('voiceNote'), 'attach-voice', () => write({ type: 'audio', audio: { voice: true } }), { icon: '🎤' }),
      row(say('video'), 'attach-video', () => write({ type: 'video', video: {} }), { icon: '🎬' }),
      row(say('sticker'), 'attach-sticker', () => picture('sticker'), { icon: '😀' }),
      row(say('location'), 'attach-location', () => location(), { icon: '📍' }),
      row(say('contact'), 'attach-contact', contact, { icon: '👤' }),
      row(say('referral'), 'attach-referral', referral, { icon: '📣' }),
      row(say('forwarded'), 'attach-forwarded', forwarded, { icon: '⤳' }),
      row(say('order'), 'attach-order', () => order({}, ['plano-500', 'roteador']), { icon: '🛒' }),
      row(say('missedCall'), 'attach-call', () => call('missed'), { icon: '📞' }),
      row(say('unknownKind'), 'attach-unsupported', () => write({ type: 'unsupported', unsupported: { type: 'poll_creation' }, errors: [{ code: 131051, title: 'Message type unknown', message: 'Message type unknown', error_data: { details: 'Message type is currently not supported.' } }] }), { icon: '❓' }),
    ], say);
  }

  /** What can be done with an older message. */
  function menu(message) {
    const mine = message.direction === 'in';
    const by = state.contacts.get(state.phone)?.members?.[state.member ?? 0] ?? state.phone;
    const now = message.reactions?.find((reaction) => reaction.by === by)?.emoji;
    const react = (emoji) => write({ type: 'reaction', reaction: { message_id: message.id, ...(emoji === now ? {} : { emoji }) } });
    const smileys = el('div', { class: 'emoji', role: 'group', 'aria-label': say('react') }, EMOJI.map((emoji) => el('button', { type: 'button', 'data-testid': 'react', 'aria-pressed': String(emoji === now), onclick: () => { closeSheet(); react(emoji); } }, emoji)));
    const editable = mine && ['text'].includes(message.type);
    openSheet(say('message'), [
      smileys,
      row(say('reply'), 'menu-reply', () => host.answering({ message }), { icon: '↩' }),
      editable ? row(say('edit'), 'menu-edit', () => host.answering({ message, edit: true }), { icon: '✎' }) : null,
      mine ? row(say('delete'), 'menu-delete', () => write({ type: 'revoke', revoke: { original_message_id: message.id } }), { icon: '🗑' }) : null,
      mine ? null : row(say('markPlayed'), 'menu-played', () => status(message, 'played'), { icon: '▶' }),
      mine ? null : row(say('markFailed'), 'menu-failed', () => status(message, 'failed'), { icon: '⚠', detail: '131026' }),
    ], say);
  }

  const status = (message, word) => attempt(() => ask('POST', of(state.phone, '/statuses'), { id: message.id, status: word }));

  return {
    words, write, attach, menu, file, openList, post, call,
    tap: (message, reply) => interactive(message, 'button_reply', { id: reply.id, title: reply.title }),
    quickReply: (message, button) => write({ type: 'button', button: { payload: button.payload, text: button.text }, context: context(message) }),
    form: fillForm,
    giveLocation: (message) => location({ context: context(message) }),
    giveContact,
    permit: (message, response) => interactive(message, 'call_permission_reply', { response, response_source: 'user_action', ...(response === 'accept' ? { is_permanent: false, expiration_timestamp: Math.floor(Date.now() / 1000) + 604800 } : {}) }),
    order,
    say: (body) => write({ type: 'text', text: { body } }),
    played: (message) => { if (message.ticks === 'read') status(message, 'played'); },
  };
}
