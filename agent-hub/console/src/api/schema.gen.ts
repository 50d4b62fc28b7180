/** Generated from agent-hub/openapi.json by `npm run generate`. Do not edit. */

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description It is stored. */
        Accepted: {
            /** @description The client's reference. */
            client_ref: string;
            /**
             * Format: int64
             * @description Its place in the conversation.
             */
            seq: number;
        };
        /**
         * @description Who wrote an item or did a deed.
         * @enum {string}
         */
        ActorKind: "contact" | "bot" | "agent" | "system" | "campaign" | "channel_app" | "api_key";
        /**
         * Format: uuid
         * @description A member of staff.
         */
        AgentId: string;
        /** @description A member of staff as colleagues see them. */
        AgentView: {
            /** @description Who. */
            id: components["schemas"]["AgentId"];
            /** @description Name as colleagues know it. */
            name: string;
            /** @description Role. */
            role: components["schemas"]["Role"];
            /** @description Teams they work for. */
            team_ids: components["schemas"]["TeamId"][];
            /** @description Whether they take conversations now. */
            presence: components["schemas"]["Presence"];
        };
        /** @description The key that checkpoints and exports are signed with. */
        AuditKey: {
            /** @description C2SP signed-note verifier key; give it to auditors by another way than the export. */
            vkey: string;
        };
        /** @description The author of a timeline item. */
        Author: {
            /** @description What kind of actor. */
            kind: components["schemas"]["ActorKind"];
            /**
             * Format: uuid
             * @description The contact's, agent's or key's id; absent for bot and system.
             */
            id?: string | null;
        };
        /** @description A button that we offer. */
        Button: {
            /** @description Comes back with the tap; at most 256 characters. */
            id: string;
            /** @description The label; at most 20 characters. */
            title: string;
        };
        /** @description A button that needs something. */
        ButtonNeed: {
            /** @description Its place, from 0. */
            index: number;
            /** @description `url` (the end of the address), `copy_code` (the code), `mpm` (the products). */
            sub_type: string;
        };
        /**
         * @description What became of a call; the later one wins, in this order.
         * @enum {string}
         */
        CallOutcome: "ringing" | "missed" | "rejected" | "failed" | "completed";
        /** @description A card of a carousel. */
        Card: {
            /** @description Its picture or film. */
            media: components["schemas"]["MediaRef"];
            /** @description Its words; at most 160 characters. */
            text?: string | null;
            /** @description One link, or up to three answers: the same shape on all cards. */
            action: components["schemas"]["CardAction"];
        };
        /** @description What a card offers. */
        CardAction: {
            /** @description The label; at most 20 characters. */
            label: string;
            /** @description The page. */
            url: string;
            /** @enum {string} */
            type: "link";
        } | {
            /** @description The answers. */
            buttons: components["schemas"]["Button"][];
            /** @enum {string} */
            type: "buttons";
        };
        /**
         * @description The four states people talk about, and ours for a case put aside: computed, never stored.
         * @enum {string}
         */
        CaseState: "automation" | "waiting" | "attending" | "closed" | "snoozed";
        /** @description What changed. */
        ChangePage: {
            /**
             * Format: int64
             * @description The rev that this builds on.
             */
            rev_from: number;
            /**
             * Format: int64
             * @description The rev reached by applying it.
             */
            rev_to: number;
            /** @description The head now. */
            conversation: components["schemas"]["ConversationView"];
            /** @description The items touched, in their current state, by seq. */
            items: components["schemas"]["ItemView"][];
        };
        /** @description What the channel says is wrong with something. */
        ChannelFault: {
            /**
             * Format: int32
             * @description The channel's code.
             */
            code: number;
            /** @description Its words for it. */
            title?: string | null;
            /** @description More of its words. */
            details?: string | null;
        };
        /** @description How a number does. */
        ChannelHealth: {
            /** @description Meta's id of the number. */
            phone_number_id: string;
            /** @description Meta's id of the account. */
            waba_id: string;
            stopped?: components["schemas"]["StopView"] | null;
            /**
             * Format: int64
             * @description Sends that wait for it.
             */
            waiting: number;
            /**
             * Format: int32
             * @description Messages a second.
             */
            throughput_per_second: number;
            /**
             * Format: date-time
             * @description When it was checked last.
             */
            checked_at?: string | null;
            grade?: components["schemas"]["Grade"] | null;
            /** @description The last check, a line for each thing. */
            findings: components["schemas"]["Finding"][];
            /** @description What Meta says of the number. */
            facts: components["schemas"]["Facts"];
            /** @description What Meta told by itself, the newest of each kind. */
            noticed: {
                [key: string]: components["schemas"]["Noticed"];
            };
            /** @description Templates of its account that Meta paused, disabled or flagged. */
            templates: components["schemas"]["Halted"][];
        };
        /**
         * Format: uuid
         * @description One WhatsApp number of the company.
         */
        ChannelId: string;
        /** @description The numbers. */
        ChannelList: {
            /** @description The oldest first. */
            channels: components["schemas"]["ChannelView"][];
        };
        /**
         * @description How a number does, in one word.
         * @enum {string}
         */
        ChannelState: "disabled" | "stopped" | "failing" | "warning" | "unknown" | "ok";
        /** @description A number of the company. */
        ChannelView: {
            /** @description Our id. */
            id: components["schemas"]["ChannelId"];
            /** @description What people call it. */
            name: string;
            /** @description As people dial it, when Meta told. */
            phone?: string | null;
            /** @description How it does, in one word. */
            state: components["schemas"]["ChannelState"];
            health?: components["schemas"]["ChannelHealth"] | null;
        };
        /** @description What stands beside the words of a message. Everything may be absent. */
        Circumstance: {
            forwarded?: components["schemas"]["Forwarded"] | null;
            referral?: components["schemas"]["Referral"] | null;
            product?: components["schemas"]["ProductRef"] | null;
            /** @description What the channel says is wrong with it. */
            faults?: components["schemas"]["ChannelFault"][];
        };
        /** @description A frame from a client. */
        ClientFrame: {
            /** @description Client's name for this subscription. */
            list: string;
            /** @description Which conversations. */
            scope: components["schemas"]["ListScope"];
            team_id?: components["schemas"]["TeamId"] | null;
            /** @description Rows wanted, 1 to 200. */
            limit: number;
            /** @enum {string} */
            type: "subscribe_list";
        } | {
            /** @description Its name. */
            list: string;
            /** @enum {string} */
            type: "unsubscribe_list";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description Work or listen. */
            mode: components["schemas"]["WatchMode"];
            /**
             * Format: int64
             * @description The rev the client already has.
             */
            after_rev?: number | null;
            /** @enum {string} */
            type: "subscribe";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @enum {string} */
            type: "unsubscribe";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The rev the client has.
             */
            after_rev: number;
            /** @enum {string} */
            type: "changes";
        } | {
            /** @description Client's own reference, unique per author and conversation; a repeat answers the first `accepted`. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @description The words, 1 to 4,096 characters; or `content`. */
            text?: string | null;
            content?: components["schemas"]["Content"] | null;
            /**
             * Format: int64
             * @description The item that this one quotes.
             */
            reply_to_seq?: number | null;
            /** @enum {string} */
            type: "send";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Which item.
             */
            seq: number;
            /** @description The emoji; absent or null takes it off. */
            emoji?: string | null;
            /** @enum {string} */
            type: "react";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Which item.
             */
            seq: number;
            /** @enum {string} */
            type: "send_again";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Which item.
             */
            seq: number;
            /** @enum {string} */
            type: "cancel";
        } | {
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @enum {string} */
            type: "typing";
        } | {
            /** @description See `send`. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The words, 1 to 4,096 characters. */
            text: string;
            /** @enum {string} */
            type: "note";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @enum {string} */
            type: "claim";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /** @description Words for the next one. */
            note?: string | null;
            /** @enum {string} */
            type: "transfer";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @enum {string} */
            type: "release";
        } | {
            /** @description Client's own reference for the answer. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @description The closing reason. */
            reason?: string | null;
            /** @enum {string} */
            type: "resolve";
        } | {
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Read up to this item.
             */
            seq: number;
            /** @enum {string} */
            type: "read";
        } | {
            /** @description Online or away. */
            presence: components["schemas"]["Presence"];
            /** @enum {string} */
            type: "set_presence";
        };
        /**
         * @description How a client keeps its refresh token.
         * @enum {string}
         */
        ClientKind: "browser" | "api";
        /**
         * @description What to do with a send after an error.
         * @enum {string}
         */
        CodeClass: "retry_soon" | "retry_later" | "pair_wait" | "stop_channel" | "fail" | "ambiguous";
        /**
         * @description What else is known after an error.
         * @enum {string}
         */
        CodeEffect: "closes_window" | "undeliverable" | "marketing_stop" | "refresh_templates";
        /**
         * @description What a customer said about marketing from a number.
         * @enum {string}
         */
        Consent: "unknown" | "granted" | "stopped";
        /**
         * Format: uuid
         * @description A customer: a person or a group.
         */
        ContactId: string;
        /** @description A customer and their newest cases. */
        ContactPage: {
            /** @description The customer. */
            contact: components["schemas"]["ContactView"];
            /** @description How WhatsApp knows them. */
            identities: components["schemas"]["IdentityView"][];
            /** @description What others find them by on WhatsApp, without `@`. It changes hands: two contacts may show the same. */
            username?: string | null;
            /** @description The newest 20 cases. */
            conversations: components["schemas"]["ConversationView"][];
            /** @description Records that were found to be the same person and can be parted again; newest first, at most 100. */
            merges: components["schemas"]["MergeView"][];
            /** @description What they said about marketing messages, a line for each number they wrote to. */
            marketing: components["schemas"]["Said"][];
        };
        /** @description A customer as an agent sees them. */
        ContactView: {
            /** @description Which contact. */
            id: components["schemas"]["ContactId"];
            /** @description Profile name; absent when unknown or erased. */
            name?: string | null;
            /** @description Phone, masked like `+55 •• •••••-1234`; revealing it is a request of its own and is audited. */
            phone_masked?: string | null;
            /** @description The customer's data was erased. */
            erased: boolean;
        };
        /** @description What an item says, whatever channel it came through. */
        Content: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            kind: "text";
        } | {
            /** @description Image, video, audio, document or sticker. */
            media: components["schemas"]["MediaRef"];
            /** @enum {string} */
            kind: "media";
        } | {
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
            /** @description Name of the place. */
            name?: string | null;
            /** @description Street address. */
            address?: string | null;
            /** @enum {string} */
            kind: "location";
        } | {
            /** @description One object a card. */
            cards: unknown[];
            /** @enum {string} */
            kind: "contacts";
        } | {
            /** @description The question; at most 1,024 characters. */
            text: string;
            /** @description One to three answers. */
            buttons: components["schemas"]["Button"][];
            heading?: components["schemas"]["Heading"] | null;
            /** @description What stands below; at most 60 characters. */
            footer?: string | null;
            /** @enum {string} */
            kind: "buttons";
        } | {
            /** @description The question; at most 4,096 characters. */
            text: string;
            /** @description The label that opens the list; at most 20 characters. */
            open_label: string;
            /** @description The rows by section. */
            sections: components["schemas"]["ListSection"][];
            /** @description Words above; at most 60 characters. */
            heading?: string | null;
            /** @description What stands below; at most 60 characters. */
            footer?: string | null;
            /** @enum {string} */
            kind: "list";
        } | {
            /** @description The words; at most 1,024 characters. */
            text: string;
            /** @description The label; at most 20 characters. */
            label: string;
            /** @description The page, https. */
            url: string;
            heading?: components["schemas"]["Heading"] | null;
            /** @description What stands below; at most 60 characters. */
            footer?: string | null;
            /** @enum {string} */
            kind: "link";
        } | {
            /** @description The words; at most 1,024 characters. */
            text: string;
            /** @description The label that opens the form; at most 30 characters. */
            label: string;
            /** @description The channel's id of the form. */
            form_id: string;
            /** @description Comes back with the answer. */
            token: string;
            /** @description The screen to begin with. */
            screen?: string | null;
            /** @description What that screen is given. */
            data?: unknown;
            /** @enum {string} */
            kind: "form_request";
        } | {
            /** @description The words; at most 1,024 characters. */
            text: string;
            /** @enum {string} */
            kind: "location_request";
        } | {
            /** @description The words; at most 1,024 characters. */
            text: string;
            /** @enum {string} */
            kind: "contact_request";
        } | {
            /** @description The words; at most 1,024 characters. */
            text: string;
            /** @description The cards. */
            cards: components["schemas"]["Card"][];
            /** @enum {string} */
            kind: "carousel";
        } | {
            /** @description What the agent reads in the timeline. */
            text: string;
            /** @description The channel's own object; its `type` says which. */
            interactive: unknown;
            /** @enum {string} */
            kind: "commerce";
        } | {
            /** @description The id that we gave it. */
            id: string;
            /** @description Its label. */
            title: string;
            /** @enum {string} */
            kind: "choice";
        } | {
            /** @description The channel's name of the form or question. */
            name: string;
            /** @description What the customer reads of their own answer. */
            text?: string;
            /** @description The answers; any JSON, as the form's author defined it. */
            answers: unknown;
            /** @enum {string} */
            kind: "form";
        } | {
            /** @description Which. */
            product: components["schemas"]["ProductRef"];
            /** @description Words with it. */
            text?: string;
            /** @enum {string} */
            kind: "product";
        } | {
            /** @description Whether the customer called. */
            inbound: boolean;
            /** @description What became of it. */
            outcome: components["schemas"]["CallOutcome"];
            /**
             * Format: int32
             * @description How long it was talked, in seconds.
             */
            duration_seconds?: number | null;
            /** @enum {string} */
            kind: "call";
        } | {
            /** @description The order. */
            order: unknown;
            /** @enum {string} */
            kind: "order";
        } | {
            /** @description Its name. */
            name: string;
            /** @description Its language tag. */
            language: string;
            /** @description What the customer reads, filled in. */
            preview: string;
            /** @description Parameters of the body by position. */
            parameters?: string[];
            /** @description The channel's own `components`, when the body's parameters do not say it all (header, buttons, cards). */
            components?: unknown;
            /** @enum {string} */
            kind: "template";
        } | {
            /** @description The channel's name of the type. */
            type_name: string;
            /** @description The item as it came. */
            raw: unknown;
            /** @enum {string} */
            kind: "unsupported";
        } | {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            kind: "note";
        } | {
            /** @description What happened. */
            line: components["schemas"]["SystemLine"];
            /** @enum {string} */
            kind: "system";
        };
        /**
         * Format: uuid
         * @description One case between a contact and a channel.
         */
        ConversationId: string;
        /** @description A page of a list. */
        ConversationPage: {
            /** @description The rows, in order. */
            rows: components["schemas"]["ConversationView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
            /** @description For the next page. */
            next_cursor?: string | null;
        };
        /**
         * @description Whether a case is being worked on.
         * @enum {string}
         */
        ConversationStatus: "open" | "snoozed" | "resolved";
        /** @description A conversation as a row of a list and as the head of a thread. */
        ConversationView: {
            /** @description Which conversation. */
            id: components["schemas"]["ConversationId"];
            /** @description The customer. */
            contact: components["schemas"]["ContactView"];
            /** @description The number the customer wrote to. */
            channel_id: components["schemas"]["ChannelId"];
            /** @description That number's name. */
            channel_name: string;
            /** @description Whether it is being worked on. */
            status: components["schemas"]["ConversationStatus"];
            /** @description Who acts next. */
            handler: components["schemas"]["Handler"];
            /** @description Status and handler as people say it. */
            state: components["schemas"]["CaseState"];
            /**
             * Format: int32
             * @description 0 (normal) to 3 (urgent).
             */
            priority: number;
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /**
             * Format: int32
             * @description Rises with each change of ownership; commands carry it.
             */
            epoch: number;
            /**
             * Format: int64
             * @description Newest item.
             */
            last_seq: number;
            /**
             * Format: int64
             * @description Newest change.
             */
            last_rev: number;
            /**
             * Format: int32
             * @description Customer messages that nobody has read.
             */
            unread: number;
            /**
             * Format: date-time
             * @description Since when the customer waits for an answer.
             */
            waiting_since?: string | null;
            /**
             * Format: date-time
             * @description When the customer last wrote.
             */
            last_inbound_at?: string | null;
            /**
             * Format: date-time
             * @description Free text may be sent until then (Meta's 24-hour window).
             */
            window_until?: string | null;
            /** @description Why the bot handed it over. */
            handoff_reason?: string | null;
            /** @description Protocol number, known to the customer too. */
            protocol?: string | null;
            /**
             * Format: date-time
             * @description When the case began.
             */
            opened_at: string;
            /** @description Why it was closed. */
            closed_reason?: string | null;
            /** @description The newest words, shortened; empty when they have none. */
            preview: string;
            preview_direction?: components["schemas"]["Direction"] | null;
        };
        /**
         * @description Which way an item went.
         * @enum {string}
         */
        Direction: "in" | "out" | "internal";
        /** @description What changes of a template. */
        EditTemplateBody: {
            /** @description All components anew. */
            components?: unknown;
            /** @description Another category. */
            category?: string | null;
        };
        /** @description What the client knows of the ownership. */
        EpochBody: {
            /**
             * Format: int32
             * @description The ownership epoch.
             */
            epoch: number;
        };
        /** @description What Meta says of a number, in Meta's words. */
        Facts: {
            /** @description `GREEN`, `YELLOW`, `RED`. */
            quality?: string | null;
            /** @description `STANDARD`, `HIGH`. */
            throughput?: string | null;
            /** @description People who may be written to first in a day: `TIER_250` ... `TIER_UNLIMITED`. */
            messaging_limit?: string | null;
            /** @description `CONNECTED` when it can be used. */
            status?: string | null;
            /** @description The name that customers see. */
            verified_name?: string | null;
            /** @description How Meta judged that name. */
            name_status?: string | null;
            /** @description `AVAILABLE`, `LIMITED`, `BLOCKED`. */
            can_send?: string | null;
            /**
             * Format: date-time
             * @description When the access token ends; absent when it does not.
             */
            token_expires_at?: string | null;
        };
        /** @description One line of a check: what was looked at, how it is, and what to do. */
        Finding: {
            /** @description What was looked at: a stable word such as `token`, `quality`, `webhook`. */
            check: string;
            /** @description How it is. */
            grade: components["schemas"]["Grade"];
            /** @description In plain words, with what to do. */
            says: string;
        };
        /** @description Queues and colleagues. */
        Floor: {
            /** @description Teams with their queues. */
            teams: components["schemas"]["TeamView"][];
            /** @description Colleagues. */
            agents: components["schemas"]["AgentView"][];
        };
        /**
         * @description How often a message was passed on.
         * @enum {string}
         */
        Forwarded: "once" | "often";
        /**
         * @description How a check ended.
         * @enum {string}
         */
        Grade: "ok" | "warn" | "fail";
        /** @description One code, or a range of them. */
        GraphCode: {
            /**
             * Format: int32
             * @description The first code.
             */
            first: number;
            /**
             * Format: int32
             * @description The last code.
             */
            last: number;
            /** @description What becomes of the send. */
            class: components["schemas"]["CodeClass"];
            effect?: components["schemas"]["CodeEffect"] | null;
            /** @description What it means, for administrators. */
            meaning: string;
            /** @description What the agent reads. */
            sentence: components["schemas"]["Sentence"];
        };
        /** @description The table. */
        GraphCodes: {
            /** @description The codes, ascending. */
            codes: components["schemas"]["GraphCode"][];
            /** @description The sentence for every other code. */
            otherwise: components["schemas"]["Sentence"];
        };
        /** @description A template that cannot be sent. */
        Halted: {
            /** @description Its name. */
            name: string;
            /** @description Its language. */
            language: string;
            /** @description `PAUSED`, `DISABLED`, `REJECTED`, `FLAGGED` ... */
            status: string;
            /** @description Why, in Meta's word. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description Since when.
             */
            at?: string | null;
        };
        /**
         * @description Who acts next.
         * @enum {string}
         */
        Handler: "bot" | "queue" | "agent";
        /**
         * @description Why the bot gave a conversation to people.
         * @enum {string}
         */
        HandoffReason: "requested" | "no_progress" | "flow" | "bot_unavailable" | "manual";
        /** @description What stands above the words and must be given. */
        HeaderNeed: {
            /** @description The slot: `1` or a name. */
            slot: string;
            /** @enum {string} */
            type: "text";
        } | {
            /** @enum {string} */
            type: "image";
        } | {
            /** @enum {string} */
            type: "video";
        } | {
            /** @enum {string} */
            type: "document";
        } | {
            /** @enum {string} */
            type: "location";
        };
        /** @description What stands above a question of ours: words or a file. */
        Heading: {
            /** @description The words. */
            text: string;
            /** @enum {string} */
            type: "text";
        } | {
            /** @description The file. */
            media: components["schemas"]["MediaRef"];
            /** @enum {string} */
            type: "media";
        };
        /**
         * @description What kind of identity, strongest first.
         * @enum {string}
         */
        IdentityKind: "bsuid" | "parent_bsuid" | "phone" | "username" | "group";
        /** @description An identity of a customer, masked. */
        IdentityView: {
            /** @description What kind. */
            kind: components["schemas"]["IdentityKind"];
            /** @description Enough of it to recognise. */
            value_masked: string;
        };
        /** @description A page of a conversation. */
        ItemPage: {
            /** @description The head now. */
            conversation: components["schemas"]["ConversationView"];
            /** @description The items, by seq ascending. */
            items: components["schemas"]["ItemView"][];
            /**
             * Format: int64
             * @description The rev that this shows.
             */
            rev: number;
        };
        /** @description An item of another conversation. */
        ItemRef: {
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Its place there.
             */
            seq: number;
        };
        /** @description A timeline item in its current state. */
        ItemView: {
            /**
             * Format: int64
             * @description Place in the conversation, from 1 without gaps.
             */
            seq: number;
            /** @description Id of the item. */
            id: components["schemas"]["MessageId"];
            /** @description Which way it went. */
            direction: components["schemas"]["Direction"];
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /** @description The author's name when the head of the conversation does not say it: somebody in a group. */
            author_name?: string | null;
            /**
             * Format: date-time
             * @description When: Meta's time for what came from Meta, ours otherwise.
             */
            at: string;
            /**
             * Format: date-time
             * @description When we stored it.
             */
            received_at: string;
            content?: components["schemas"]["Content"] | null;
            circumstance?: components["schemas"]["Circumstance"] | null;
            /** @description Its files, by part. */
            media?: components["schemas"]["MediaView"][];
            /** @description The client's own reference, so that it recognises its optimistic copy. */
            client_ref?: string | null;
            ticks?: components["schemas"]["Ticks"] | null;
            /**
             * Format: int32
             * @description Meta's error code when `ticks` is `failed`.
             */
            error_code?: number | null;
            /**
             * Format: int64
             * @description The item that this one quotes, when in this conversation.
             */
            reply_to_seq?: number | null;
            quotes_elsewhere?: components["schemas"]["ItemRef"] | null;
            /** @description Its author changed it. */
            edited: boolean;
            /**
             * Format: date-time
             * @description When, by Meta's time.
             */
            edited_at?: string | null;
            /** @description Its author took it back. */
            revoked: boolean;
            /** @description Emoji reactions with who reacted. */
            reactions: components["schemas"]["ReactionView"][];
        };
        /**
         * @description What a job came to.
         * @enum {string}
         */
        JobState: "pending" | "running" | "done" | "failed" | "cancelled";
        /** @description A change that the gateway carries out. */
        JobView: {
            /** @description `template.create`, `template.edit`, `template.delete`. */
            kind: string;
            /** @description Where it is. */
            state: components["schemas"]["JobState"];
        };
        /** @description A row of a list. */
        ListRow: {
            /** @description Comes back with the tap; at most 200 characters. */
            id: string;
            /** @description The label; at most 24 characters. */
            title: string;
            /** @description A second line; at most 72 characters. */
            description?: string | null;
        };
        /**
         * @description Which conversations a list shows.
         * @enum {string}
         */
        ListScope: "mine" | "queue" | "attending" | "automation" | "all" | "closed";
        /** @description A part of a list. */
        ListSection: {
            /** @description Heading; at most 24 characters. */
            title: string;
            /** @description The rows. */
            rows: components["schemas"]["ListRow"][];
        };
        /**
         * @description A language of the product.
         * @enum {string}
         */
        Locale: "pt-BR" | "en" | "es";
        /** @description One's language. */
        LocaleBody: {
            /** @description BCP 47 tag. */
            locale: components["schemas"]["Locale"];
        };
        /** @description A log-in. */
        LogIn: {
            /** @description E-mail of the account. */
            email: string;
            /** @description Password, 1 to 128 characters, compared byte for byte. */
            password: string;
            /** @description Six digits of a second factor. Accepted and not looked at yet: no account can enrol one. */
            totp?: string | null;
            /** @description How the refresh token is kept. */
            client?: components["schemas"]["ClientKind"];
        };
        /** @description Somebody is logged in. */
        LoggedIn: {
            /** @description Goes into `Authorization: Bearer`. */
            access_token: string;
            /**
             * Format: int64
             * @description Its life, in seconds.
             */
            expires_in: number;
            /** @description For client `api` only; browsers have it in a cookie. */
            refresh_token?: string | null;
            /** @description Who. */
            agent: components["schemas"]["AgentView"];
            /** @description Their language. */
            locale: components["schemas"]["Locale"];
        };
        /**
         * Format: uuid
         * @description A file.
         */
        MediaId: string;
        /**
         * @description What sort of file.
         * @enum {string}
         */
        MediaKind: "image" | "video" | "audio" | "document" | "sticker";
        /**
         * @description Why a file failed or is in quarantine. Stored in clear: it says nothing of what the file holds.
         * @enum {string}
         */
        MediaReason: "absent" | "refused" | "media_blocked" | "hash_mismatch" | "too_large" | "empty" | "unavailable" | "wrong_type" | "active_content" | "infected" | "encrypted" | "limits";
        /** @description A file. What a customer sent is held by the channel under `id` until it is fetched; what we send is ours (`file`). */
        MediaRef: {
            /** @description What sort of file. */
            kind: components["schemas"]["MediaKind"];
            /**
             * Format: uuid
             * @description Our own file, uploaded beforehand: `media.id`.
             */
            file?: string | null;
            /** @description The channel's id of the file. */
            id?: string | null;
            /** @description Where the channel says it can be fetched for some minutes. */
            url?: string | null;
            /** @description MIME type as the channel says. */
            mime_type?: string | null;
            /** @description SHA-256 as the channel says, base64. */
            sha256?: string | null;
            /** @description Words below the file; at most 1,024 characters, never with audio and stickers. */
            caption?: string | null;
            /** @description Name of a document. */
            file_name?: string | null;
            /** @description Recorded with the microphone. */
            voice?: boolean;
            /** @description A sticker that moves. */
            animated?: boolean;
        };
        /**
         * @description Where a file is on its way.
         * @enum {string}
         */
        MediaState: "pending" | "ready" | "failed" | "quarantined";
        /** @description A file as people see it beside the item that carries it. */
        MediaView: {
            /** @description For `GET /media/{id}`. */
            id: components["schemas"]["MediaId"];
            /**
             * Format: int32
             * @description Which of the item's files, from 0.
             */
            part: number;
            /** @description What sort of file. */
            kind: components["schemas"]["MediaKind"];
            /** @description Where it is on its way. */
            state: components["schemas"]["MediaState"];
            /** @description What it is, judged by its content; as announced while it is pending. */
            mime_type?: string | null;
            /**
             * Format: int64
             * @description How large.
             */
            size_bytes?: number | null;
            /** @description The sender's name for it: personal, never a path. */
            file_name?: string | null;
            /** @description Whether `GET /media/{id}/thumbnail` answers. */
            has_thumbnail: boolean;
            /** @description Whether a browser may show it; else it is a download. */
            is_inline: boolean;
            reason?: components["schemas"]["MediaReason"] | null;
        };
        /** @description Which record is the same person. */
        MergeBody: {
            /** @description The record that is taken in; the one in the path remains. */
            other_contact_id: components["schemas"]["ContactId"];
        };
        /** @description A record that this one has taken in. */
        MergeView: {
            /**
             * Format: uuid
             * @description What undoes it: `POST /contacts/{id}/split`.
             */
            merge_id: string;
            /** @description The record that was taken in. */
            contact_id: components["schemas"]["ContactId"];
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            by?: components["schemas"]["AgentId"] | null;
            /** @description Why: `supervisor`, `seen_together`, `rotated`, or the operator's word. */
            reason: string;
            /**
             * Format: int32
             * @description How many cases came with it.
             */
            conversations: number;
        };
        /**
         * Format: uuid
         * @description A timeline item; made before the insert, because it is sealed into the ciphertext.
         */
        MessageId: string;
        /** @description What moved. */
        MovedView: {
            /**
             * Format: uuid
             * @description The merge.
             */
            merge_id: string;
            /** @description How many cases moved. */
            conversations: number;
            /** @description How many identities moved. */
            identities: number;
        };
        /** @description What one must fill in to send a template. */
        Needs: {
            header?: components["schemas"]["HeaderNeed"] | null;
            /** @description The body's slots, in order: `1`, `2`, or names. */
            body: string[];
            /** @description Buttons that need something. */
            buttons: components["schemas"]["ButtonNeed"][];
            /** @description Cards side by side, each with needs of its own; 0 = no carousel. */
            cards: number;
        };
        /** @description A new template. */
        NewTemplateBody: {
            /** @description A number of the account that gets it. */
            channel_id: components["schemas"]["ChannelId"];
            /** @description a to z, 0 to 9 and _. */
            name: string;
            /** @description Such as `pt_BR`. */
            language: string;
            /** @description `MARKETING`, `UTILITY`, `AUTHENTICATION`. */
            category: string;
            /** @description Whether the slots have names (`{{nome}}`) instead of numbers. */
            named?: boolean;
            /** @description As Meta defines them. */
            components: unknown;
        };
        /** @description Words for colleagues. */
        NoteBody: {
            /** @description Client's own reference, unique per author and conversation; a repeat gets the first answer. */
            client_ref: string;
            /** @description The words, 1 to 4,096 characters. */
            text: string;
        };
        /** @description A page of notices. */
        NoticeList: {
            /** @description The newest first. */
            notices: components["schemas"]["NoticeView"][];
            /**
             * Format: uuid
             * @description `before` of the next page; absent on the last one.
             */
            next?: string | null;
        };
        /** @description The text of a notice. */
        NoticeText: {
            /** @description As Meta sent it; absent when the day's key was destroyed, some days after it came. */
            text?: Record<string, never>;
        };
        /** @description Something that Meta told about accounts, numbers or templates. */
        NoticeView: {
            /**
             * Format: uuid
             * @description Which.
             */
            id: string;
            channel_id?: components["schemas"]["ChannelId"] | null;
            /** @description Meta's id of the account. */
            waba_id: string;
            /** @description Meta's subscription, such as `account_alerts`. */
            field: string;
            /** @description Meta's word for what happened. */
            event?: string | null;
            /** @description How much it matters. */
            severity: components["schemas"]["Severity"];
            /** @description What follows, in Meta's words and names of templates. */
            detail: Record<string, never>;
            /**
             * Format: date-time
             * @description Meta's time.
             */
            at: string;
            /**
             * Format: date-time
             * @description Ours.
             */
            received_at: string;
        };
        /** @description A word of Meta's about a number or its account, and when it was said. */
        Noticed: {
            /** @description What Meta said. */
            word: string;
            /**
             * Format: date-time
             * @description Meta's time.
             */
            at: string;
        };
        /**
         * @description Whether a member of staff takes conversations.
         * @enum {string}
         */
        Presence: "online" | "away" | "offline";
        /** @description Whether one takes conversations. */
        PresenceBody: {
            /** @description Online or away; offline counts as away while a socket is open. */
            presence: components["schemas"]["Presence"];
        };
        /** @description A refusal that says what to do next. */
        Problem: {
            /**
             * Format: int32
             * @description HTTP status (also in frames, where there is no HTTP).
             */
            status: number;
            /** @description Stable word for programs, e.g. `already_claimed`. */
            code: string;
            /** @description One English sentence: what is wrong. */
            title: string;
            /** @description What to do next. */
            detail?: string | null;
            /** @description Which field of the request, as a path: `content.buttons[2].title`. */
            field?: string | null;
        };
        /** @description A product of a catalogue. */
        ProductRef: {
            /** @description The catalogue. */
            catalog_id: string;
            /** @description The retailer's own id of the product. */
            product_id: string;
        };
        /** @description What is to stand on an item. */
        ReactionBody: {
            /** @description One emoji; null or absent takes ours off. */
            emoji?: string | null;
        };
        /** @description A reaction to an item. */
        ReactionView: {
            /** @description Who reacted. */
            author: components["schemas"]["Author"];
            /** @description The emoji. */
            emoji: string;
            ticks?: components["schemas"]["Ticks"] | null;
            /**
             * Format: int32
             * @description Meta's error code when ours failed.
             */
            error_code?: number | null;
        };
        /** @description How far it was read. */
        ReadBody: {
            /**
             * Format: int64
             * @description Up to this item.
             */
            seq: number;
        };
        /** @description An advertisement or post with a button that opens a chat. */
        Referral: {
            /** @description `ad` or `post`, as the channel says. */
            source_type?: string | null;
            /** @description The channel's id of it. */
            source_id?: string | null;
            /** @description Where it can be seen. */
            source_url?: string | null;
            /** @description Its headline. */
            headline?: string | null;
            /** @description Its words. */
            body?: string | null;
            /** @description Image or video. */
            media_type?: string | null;
            /** @description The picture that it shows. */
            picture_url?: string | null;
            /** @description The click, for conversion reports; absent for advertisements in the status. */
            click_id?: string | null;
            /** @description The parameter that the advertiser gave. */
            parameter?: string | null;
            /** @description What the advertisement greeted with. */
            greeting?: string | null;
        };
        /** @description The refresh token of an API client. */
        Renewal: {
            /** @description The token. */
            refresh_token: string;
        };
        /** @description Something for the customer: `text`, or `content`. */
        ReplyBody: {
            /** @description Client's own reference, unique per author and conversation; a repeat gets the first answer. */
            client_ref: string;
            /**
             * Format: int32
             * @description The ownership epoch the client knows; absent: whatever it is.
             */
            epoch?: number | null;
            /** @description The words, 1 to 4,096 characters; or `content`. */
            text?: string | null;
            content?: components["schemas"]["Content"] | null;
            /**
             * Format: int64
             * @description The item that this one quotes.
             */
            reply_to_seq?: number | null;
        };
        /** @description Why it is closed. */
        ResolveBody: {
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            /** @description The closing reason, at most 64 characters. */
            reason?: string | null;
        };
        /** @description A customer's identities in clear. */
        Revealed: {
            /** @description Digits, with the country's code. */
            phone?: string | null;
            /** @description Business-scoped user id. */
            bsuid?: string | null;
            /** @description Username. */
            username?: string | null;
        };
        /**
         * @description What a member of staff may do; each role's rights are listed in docs/architecture.md.
         * @enum {string}
         */
        Role: "agent" | "supervisor" | "admin" | "dpo" | "auditor";
        /** @description What a customer said, and towards which number. */
        Said: {
            /** @description Which number. */
            channel_id: components["schemas"]["ChannelId"];
            /** @description What. */
            consent: components["schemas"]["Consent"];
            /**
             * Format: date-time
             * @description Meta's time of it.
             */
            at?: string | null;
        };
        /** @description A sentence in each language of the console. */
        Sentence: {
            /** @description Portuguese of Brazil. */
            "pt-BR": string;
            /** @description English. */
            en: string;
            /** @description Spanish. */
            es: string;
        };
        /** @description A frame from the server. */
        ServerFrame: {
            /**
             * Format: uuid
             * @description Identity of the store; when it differs from the one a client knew, the client starts over.
             */
            store_epoch: string;
            /** @description Who is logged in. */
            agent: components["schemas"]["AgentView"];
            /** @description Language of the account. */
            locale: components["schemas"]["Locale"];
            /** @description Largest frame the server takes, in bytes. */
            max_frame_bytes: number;
            /** @enum {string} */
            type: "welcome";
        } | {
            /** @description The subscription. */
            list: string;
            /** @description The rows. */
            rows: components["schemas"]["ConversationView"][];
            /**
             * Format: int64
             * @description How many there are in all.
             */
            total: number;
            /** @enum {string} */
            type: "list";
        } | {
            /** @description Which. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description The rev that this builds on.
             */
            rev_from: number;
            /**
             * Format: int64
             * @description The rev reached by applying it.
             */
            rev_to: number;
            /** @description The conversation's head now. */
            conversation: components["schemas"]["ConversationView"];
            /** @description The items touched, in their current state, by seq. */
            items: components["schemas"]["ItemView"][];
            /** @enum {string} */
            type: "conversation";
        } | {
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @enum {string} */
            type: "resync";
        } | {
            /** @description The client's reference. */
            client_ref: string;
            /** @description Which conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description Its place.
             */
            seq: number;
            /** @enum {string} */
            type: "accepted";
        } | {
            /** @description The client's reference. */
            client_ref: string;
            /** @description The conversation afterwards. */
            conversation: components["schemas"]["ConversationView"];
            /** @enum {string} */
            type: "done";
        } | {
            /** @description The client's reference; absent when the frame had none or could not be read. */
            client_ref?: string | null;
            conversation_id?: components["schemas"]["ConversationId"] | null;
            /** @description Why, and what to do. */
            problem: components["schemas"]["Problem"];
            /** @enum {string} */
            type: "refused";
        } | {
            /** @description My teams' queues. */
            teams: components["schemas"]["TeamView"][];
            /** @description Colleagues. */
            agents: components["schemas"]["AgentView"][];
            /** @enum {string} */
            type: "floor";
        } | {
            /**
             * Format: int64
             * @description Milliseconds to wait, already spread over clients.
             */
            after_ms: number;
            /** @enum {string} */
            type: "reconnect";
        };
        /**
         * Format: uuid
         * @description One log-in of one member of staff.
         */
        SessionId: string;
        /** @description The session of the access token. */
        SessionView: {
            /** @description Who. */
            agent: components["schemas"]["AgentView"];
            /** @description Their language. */
            locale: components["schemas"]["Locale"];
            /** @description Which session. */
            session_id: components["schemas"]["SessionId"];
            /**
             * Format: date-time
             * @description When it ends whatever happens.
             */
            expires_at: string;
        };
        /**
         * @description How much a notice matters.
         * @enum {string}
         */
        Severity: "info" | "warning" | "alert";
        /** @description Which merge is undone. */
        SplitBody: {
            /**
             * Format: uuid
             * @description As `merges` of the contact names it.
             */
            merge_id: string;
        };
        /** @description Why nothing is sent through a number. */
        StopView: {
            /** @description A stable word, or Meta's code as `code_190`. */
            reason: string;
            /**
             * Format: date-time
             * @description A send tries again then; absent: when a check finds the number well.
             */
            until?: string | null;
        };
        /** @description Which account is to be read. */
        SyncBody: {
            channel_id?: components["schemas"]["ChannelId"] | null;
        };
        /** @description What a system line tells. Ids only; names are looked up when it is shown. */
        SystemLine: {
            /** @description Why. */
            reason: components["schemas"]["HandoffReason"];
            /** @description What was said and tried, for whoever takes it. */
            summary: string;
            /**
             * Format: int64
             * @description Place in the queue at that moment, from 1.
             */
            position: number;
            /** @enum {string} */
            event: "handed_off";
        } | {
            /** @description Who. */
            agent_id: components["schemas"]["AgentId"];
            /** @enum {string} */
            event: "claimed";
        } | {
            /** @description By whom. */
            by: components["schemas"]["AgentId"];
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /** @description Words for the next one. */
            note?: string | null;
            /** @enum {string} */
            event: "transferred";
        } | {
            /** @description Who gave it back. */
            by: components["schemas"]["AgentId"];
            /** @enum {string} */
            event: "released";
        } | {
            by?: components["schemas"]["AgentId"] | null;
            /** @description The closing reason. */
            reason?: string | null;
            /** @enum {string} */
            event: "resolved";
        } | {
            /** @enum {string} */
            event: "reopened";
        } | {
            /** @enum {string} */
            event: "answered_on_phone";
        } | {
            /** @description Whether the telephone number changed. */
            phone: boolean;
            /** @enum {string} */
            event: "identity_changed";
        } | {
            /** @description The record that was taken in. */
            from: components["schemas"]["ContactId"];
            by?: components["schemas"]["AgentId"] | null;
            /** @enum {string} */
            event: "merged";
        } | {
            /** @description The record that left. */
            from: components["schemas"]["ContactId"];
            by?: components["schemas"]["AgentId"] | null;
            /** @enum {string} */
            event: "split";
        };
        /**
         * Format: uuid
         * @description A group of agents with a queue.
         */
        TeamId: string;
        /** @description A team and its queue at this moment. */
        TeamView: {
            /** @description Which team. */
            id: components["schemas"]["TeamId"];
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description Conversations waiting in its queue.
             */
            waiting: number;
            /**
             * Format: date-time
             * @description Since when the longest has waited.
             */
            oldest_waiting_since?: string | null;
        };
        /** @description A template and the newest change of it. */
        TemplateDetail: {
            /** @description The template. */
            template: components["schemas"]["TemplateView"];
            job?: components["schemas"]["JobView"] | null;
        };
        /** @description Templates. */
        TemplateList: {
            /** @description By name and language. */
            templates: components["schemas"]["TemplateView"][];
        };
        /** @description A template. */
        TemplateView: {
            /**
             * Format: uuid
             * @description Our id.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Its language, such as `pt_BR`. */
            language: string;
            /** @description `MARKETING`, `UTILITY`, `AUTHENTICATION`. */
            category: string;
            /** @description Meta's word: `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED` ...; `FAILED` when Meta did not take it. */
            status: string;
            /** @description `GREEN`, `YELLOW`, `RED`, `UNKNOWN`. */
            quality: string;
            /** @description Whether it may be sent now. */
            is_sendable: boolean;
            /** @description `POSITIONAL` or `NAMED`. */
            parameter_format: string;
            /** @description As Meta defines them. */
            components: unknown;
            /** @description What one must fill in to send it. */
            needs: components["schemas"]["Needs"];
            /** @description Why Meta rejected it. */
            rejected_reason?: string | null;
            /** @description What Meta said when it refused our last change. */
            fault?: string | null;
            /**
             * Format: date-time
             * @description When it was last read from Meta.
             */
            synced_at?: string | null;
            /**
             * Format: date-time
             * @description When it last changed here.
             */
            updated_at: string;
        };
        /** @description A ticket that opens one socket. */
        Ticket: {
            /** @description Offered as the subprotocol `ticket.<this>` beside `balcao.v1`. */
            ticket: string;
            /**
             * Format: int64
             * @description Its life, in seconds.
             */
            expires_in: number;
        };
        /**
         * @description What an agent sees beside a message of ours.
         * @enum {string}
         */
        Ticks: "queued" | "sent" | "delivered" | "read" | "failed" | "expired" | "cancelled" | "unknown";
        /** @description Which item it is about. */
        Touched: {
            /**
             * Format: int64
             * @description Its place in the conversation.
             */
            seq: number;
        };
        /** @description To whom: exactly one of team and agent. */
        TransferBody: {
            /**
             * Format: int32
             * @description The ownership epoch the client knows.
             */
            epoch: number;
            team_id?: components["schemas"]["TeamId"] | null;
            agent_id?: components["schemas"]["AgentId"] | null;
            /** @description Words for the next one, at most 4,096 characters. */
            note?: string | null;
        };
        /** @description An upload, to be named as `file` in a message within a day. */
        UploadView: {
            /** @description `media.file` of the message that carries it. */
            id: components["schemas"]["MediaId"];
            /** @description What it is sent as. */
            kind: components["schemas"]["MediaKind"];
            /** @description Judged by its content. */
            mime_type: string;
            /**
             * Format: int64
             * @description How large.
             */
            size_bytes: number;
        };
        /**
         * @description How a conversation is watched.
         * @enum {string}
         */
        WatchMode: "work" | "listen";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
