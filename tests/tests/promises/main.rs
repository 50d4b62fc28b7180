//! The promises of Balcão (docs/architecture.md), each as facts seen through the front doors. One file a promise.
//!
//! `cargo xtask test` builds what is started here and runs everything.

mod a_conversation_is_its_teams;
mod a_customer_a_bot_and_an_agent_meet;
mod a_customer_is_marked_read_once;
mod a_group_reports_before_its_send_is_known;
mod a_late_word_of_the_bot_is_refused;
mod a_message_is_found_by_its_id;
mod a_node_drains_and_another_goes_on;
mod a_send_ends_once;
mod a_session_ends_everywhere;
mod a_webhook_repeated_is_one_row_and_one_answer;
mod any_order_ends_alike;
mod audit_export_verifies;
mod erased_stays_erased;
mod everything_can_be_said;
mod files_arrive_and_stay_closed;
mod hostile_door;
mod hostile_items;
mod hostile_media;
mod hostile_webhooks;
mod joined_people_get_one_answer;
mod kill_nine_loses_nothing;
mod metrics_have_one_catalogue;
mod new_people_at_two_nodes;
mod nothing_personal_is_readable_at_rest;
mod numbers_are_apart;
mod one_broken_key_stops_nobody_else;
mod one_person_one_contact;
mod others_answer_and_we_only_watch;
mod parted_in_the_middle;
mod payloads_of_others_are_understood;
mod people_may_come_first;
mod ready_means_that_every_door_answers;
mod redis_may_vanish;
mod slow_callers_are_let_go;
mod statuses_only_move_forward;
mod the_checks_can_fail;
mod the_demo_is_one_command;
mod two_agents_claim_one_conversation;
mod what_is_not_understood_is_kept;
mod what_meta_tells_lands_where_it_belongs;
