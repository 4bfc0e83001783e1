-- Links of the run by the method that made them.
select method, links from resolution.link_count where run_id = %s order by links desc, method;
