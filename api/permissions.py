"""Who may do what: one table, which API, console and tests read. API keys carry the same words as scopes."""

from enum import StrEnum
from typing import Final

from store.models import Role


class Permission(StrEnum):
    READ = "read"  # everything but personal data
    PEOPLE = "people:read"  # names, addresses, and the words of mails
    AUDIT = "audit:read"
    EXPORT = "exports:read"  # whole lists as files; with people:read, people too
    DECIDE = "approvals:decide"  # approve, edit, reject, undo
    RECORDS = "records:write"  # edit companies, contacts and leads, one by one and in bulk
    ICPS = "icps:write"
    RUNS = "runs:write"
    WORK = "work:write"  # tasks done, how meetings went
    OUTBOX = "outbox:write"  # say whether a mail of unknown outcome arrived
    SUPPRESS = "suppressions:write"
    UNSUPPRESS = "suppressions:remove"  # take somebody off the list of who is never written to
    MAILBOXES = "mailboxes:write"
    POLICIES = "policies:write"  # limits, windows, the kill switch, budgets, vendors of data
    AUTONOMY = "autonomy:write"  # what may leave without a person's word
    SETTINGS = "settings:write"  # the workspace: its name, address and offer
    WEBHOOKS = "webhooks:write"
    USERS = "users:write"  # invite, change roles, deactivate; single sign-on; keys of others


_ALL: Final = frozenset(Permission)
_SELLS: Final = frozenset(
    {
        Permission.READ,
        Permission.PEOPLE,
        Permission.DECIDE,
        Permission.RECORDS,
        Permission.WORK,
        Permission.SUPPRESS,
    }
)

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: _ALL,
    Role.SALES_OPS: _ALL - {Permission.USERS, Permission.AUTONOMY, Permission.UNSUPPRESS},
    Role.MANAGER: _SELLS | {Permission.OUTBOX, Permission.RUNS, Permission.AUDIT, Permission.EXPORT},
    Role.REP: _SELLS,
    Role.CSM: _SELLS,
    Role.MARKETING: frozenset({Permission.READ, Permission.ICPS}),
    Role.EXECUTIVE: frozenset({Permission.READ, Permission.AUDIT}),
    Role.VIEWER: frozenset({Permission.READ}),
}

# What each operation of the API needs beyond READ, which every one needs. The route refuses before it looks at anything
# else, so a refusal tells nothing of what exists. Where the right depends on what is asked for (bulk changes, undoing),
# the widest is here and the action asks for the rest. A write that is not named here fails the tests.
NEEDS: Final[dict[str, Permission]] = {
    # reads
    "list_audit": Permission.AUDIT,
    "verify_audit": Permission.AUDIT,
    "export_audit": Permission.EXPORT,
    "export_companies": Permission.EXPORT,
    "export_contacts": Permission.EXPORT,
    "export_leads": Permission.EXPORT,
    "export_chosen_companies": Permission.EXPORT,
    "export_chosen_contacts": Permission.EXPORT,
    "export_chosen_leads": Permission.EXPORT,
    "list_users": Permission.USERS,
    "get_user": Permission.USERS,
    "list_invitations": Permission.USERS,
    "list_webhooks": Permission.WEBHOOKS,
    "get_webhook": Permission.WEBHOOKS,
    "list_webhook_deliveries": Permission.WEBHOOKS,
    "get_webhook_delivery": Permission.WEBHOOKS,
    "list_notice_channels": Permission.WEBHOOKS,
    "get_notice_channel": Permission.WEBHOOKS,
    "list_notices": Permission.WEBHOOKS,
    "list_telephony_accounts": Permission.MAILBOXES,
    "get_telephony_account": Permission.MAILBOXES,
    "preview_task_outgoing": Permission.PEOPLE,
    "list_inbound_endpoints": Permission.WEBHOOKS,
    "list_inbound_events": Permission.WEBHOOKS,
    "get_inbound_event": Permission.WEBHOOKS,  # what it said needs people:read
    # deciding
    "decide_approval": Permission.DECIDE,
    "decide_approvals": Permission.DECIDE,
    "edit_approval": Permission.DECIDE,
    "preview_approval": Permission.DECIDE,
    "undo_approval": Permission.DECIDE,
    "get_approval_outgoing": Permission.PEOPLE,
    "list_approval_readers": Permission.DECIDE,
    "undo_timeline_item": Permission.READ,  # of what it undoes
    # records
    "change_companies": Permission.READ,  # of the change: records:write or suppressions:write
    "change_contacts": Permission.READ,
    "change_leads": Permission.READ,
    "decide_duplicate": Permission.RECORDS,  # of people: people:read too
    "reconsider_duplicate": Permission.RECORDS,
    "create_merge": Permission.RECORDS,
    "split_merge": Permission.RECORDS,
    "edit_company": Permission.RECORDS,
    "edit_contact": Permission.RECORDS,
    "edit_lead": Permission.RECORDS,
    "opt_out_contact": Permission.SUPPRESS,
    "erase_contact": Permission.POLICIES,
    "add_suppression": Permission.SUPPRESS,
    "import_suppressions": Permission.SUPPRESS,
    "release_suppression": Permission.UNSUPPRESS,
    "record_legal_basis": Permission.RECORDS,
    "withdraw_legal_bases": Permission.RECORDS,
    "import_legal_bases": Permission.RECORDS,
    "save_view": Permission.READ,  # one's own; shared ones need records:write
    "change_saved_view": Permission.READ,
    "delete_saved_view": Permission.READ,
    "upload_import": Permission.RECORDS,
    "set_import_mapping": Permission.RECORDS,
    "start_import": Permission.RECORDS,
    "preview_sequence": Permission.READ,  # the words need people:read
    "set_sequence": Permission.POLICIES,
    "preview_sequence_move": Permission.READ,
    "move_sequence": Permission.POLICIES,
    "add_variant": Permission.POLICIES,
    "adopt_variant": Permission.POLICIES,
    "stop_variant": Permission.POLICIES,
    "list_edit_rules": Permission.PEOPLE,  # the words of mails
    "adopt_edit_rule": Permission.POLICIES,  # and people:read
    "undo_edit_rule": Permission.POLICIES,
    # agents
    "create_icp": Permission.ICPS,
    "create_icp_version": Permission.ICPS,
    "restore_icp_version": Permission.ICPS,
    "archive_icp": Permission.ICPS,
    "unarchive_icp": Permission.ICPS,
    "preview_icp": Permission.READ,  # nothing is written
    "preview_icp_tiers": Permission.READ,
    "export_icp_tiers": Permission.EXPORT,
    "create_run": Permission.RUNS,
    "pause_run": Permission.RUNS,
    "resume_run": Permission.RUNS,
    "cancel_run": Permission.RUNS,
    # work
    "finish_task": Permission.WORK,
    "log_task": Permission.WORK,
    "reopen_task": Permission.WORK,
    "finish_tasks": Permission.WORK,
    "send_task": Permission.WORK,  # and people:read, because it was read first
    "set_my_phone": Permission.WORK,
    # calendars: one's own; anybody else's need users:write too
    "list_calendar_services": Permission.WORK,
    "list_calendar_connections": Permission.WORK,
    "get_calendar_connection": Permission.WORK,
    "connect_calendar": Permission.WORK,
    "check_calendar_connection": Permission.WORK,
    "disconnect_calendar": Permission.WORK,
    "change_calendar": Permission.WORK,
    "get_availability": Permission.WORK,
    "set_availability": Permission.WORK,
    "list_free_times": Permission.WORK,
    "record_meeting": Permission.WORK,
    "get_transcript": Permission.PEOPLE,
    "upload_transcript": Permission.WORK,  # and people:read, as all of these
    "put_transcript_speakers": Permission.WORK,
    "confirm_finding": Permission.WORK,
    "dismiss_finding": Permission.WORK,
    "ask_recap": Permission.WORK,
    "see_alert": Permission.WORK,
    "resolve_outbox": Permission.OUTBOX,
    # control
    "create_mailbox": Permission.MAILBOXES,
    "update_mailbox": Permission.MAILBOXES,
    "pause_mailbox": Permission.MAILBOXES,
    "resume_mailbox": Permission.MAILBOXES,
    "check_mailbox": Permission.MAILBOXES,
    "create_pool": Permission.POLICIES,
    "set_pool": Permission.POLICIES,
    "delete_pool": Permission.POLICIES,
    "set_pool_member": Permission.POLICIES,
    "remove_pool_member": Permission.POLICIES,
    "hand_over_meetings": Permission.POLICIES,
    "set_rooms": Permission.POLICIES,
    "connect_zoom": Permission.POLICIES,
    "forget_zoom": Permission.POLICIES,
    "check_zoom": Permission.POLICIES,
    "set_calendar_rooms": Permission.POLICIES,
    "create_telephony_account": Permission.MAILBOXES,
    "update_telephony_account": Permission.MAILBOXES,
    "delete_telephony_account": Permission.MAILBOXES,
    "pause_telephony_account": Permission.MAILBOXES,
    "resume_telephony_account": Permission.MAILBOXES,
    "check_telephony_account": Permission.MAILBOXES,
    "create_signing_key": Permission.MAILBOXES,
    "check_signing_key": Permission.MAILBOXES,
    "update_mail_domain": Permission.MAILBOXES,
    "check_mail_domain": Permission.MAILBOXES,
    "lift_brake": Permission.MAILBOXES,
    "add_seed_address": Permission.MAILBOXES,
    "remove_seed_address": Permission.MAILBOXES,
    "start_placement_test": Permission.MAILBOXES,
    "put_policy": Permission.POLICIES,
    "put_kill_switch": Permission.POLICIES,
    "restore_policy_version": Permission.POLICIES,
    "put_budget": Permission.POLICIES,
    "put_vendor": Permission.POLICIES,
    "switch_vendor": Permission.POLICIES,
    "delete_vendor": Permission.POLICIES,
    "change_workspace": Permission.SETTINGS,
    "import_sample_data": Permission.SETTINGS,  # and of records, which whoever has it has
    "draft_ahead": Permission.RUNS,
    "change_user": Permission.USERS,
    "reset_second_factor": Permission.USERS,
    "create_password_link": Permission.USERS,
    "create_invitation": Permission.USERS,
    "renew_invitation_link": Permission.USERS,
    "revoke_invitation": Permission.USERS,
    "change_me": Permission.READ,  # one's own account
    "create_api_key": Permission.READ,  # one's own, with no more rights; service keys need users:write
    "revoke_api_key": Permission.READ,  # one's own; others' need users:write
    "get_sso": Permission.USERS,
    "put_sso": Permission.USERS,
    "delete_sso": Permission.USERS,
    "test_sso": Permission.USERS,
    "loosen_sso": Permission.USERS,
    "create_webhook": Permission.WEBHOOKS,
    "edit_webhook": Permission.WEBHOOKS,
    "delete_webhook": Permission.WEBHOOKS,
    "pause_webhook": Permission.WEBHOOKS,
    "resume_webhook": Permission.WEBHOOKS,
    "rotate_webhook_secret": Permission.WEBHOOKS,
    "test_webhook": Permission.WEBHOOKS,
    "replay_webhook": Permission.WEBHOOKS,
    "replay_webhook_delivery": Permission.WEBHOOKS,
    "create_notice_channel": Permission.WEBHOOKS,
    "update_notice_channel": Permission.WEBHOOKS,
    "delete_notice_channel": Permission.WEBHOOKS,
    "pause_notice_channel": Permission.WEBHOOKS,
    "resume_notice_channel": Permission.WEBHOOKS,
    "test_notice_channel": Permission.WEBHOOKS,
    "create_inbound_endpoint": Permission.WEBHOOKS,
    "change_inbound_endpoint": Permission.WEBHOOKS,
    "delete_inbound_endpoint": Permission.WEBHOOKS,
    "replay_inbound_event": Permission.WEBHOOKS,
    "replay_inbound_events": Permission.WEBHOOKS,
}
