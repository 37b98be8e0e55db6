-- What retention deletes is a few messages among all that stay for ever: it finds them without reading those.

create index notify_inbox_forgettable on notify_inbox (received_at)
  where verdict in ('refused', 'repeated', 'ignored') or verdict is null;
create index push_inbox_forgettable on push_inbox (received_at)
  where verdict in ('refused', 'repeated', 'ignored') or verdict is null;
