(ns app.core
  (:require [buddy.hashers :as hashers]
            [buddy.sign.jwt :as jwt]
            [clojure.tools.logging :as log]
            [app.db :as db]
            [compojure.core :refer [context defroutes POST]]
            [ring.middleware.congestion :refer [wrap-rate-limit ip-rate-limit]]
            [clj-time.core :as t]
            [ring.util.http-response :refer [ok unauthorized]]))

(def secret (System/getenv "JWT_SECRET"))

(defn login [request]
  (let [user (db/find-user (get-in request [:body :name]))]
    (if (hashers/check (get-in request [:body :password]) (:password user))
      (do (log/info "token issued" (:id user) (:remote-addr request))
          (ok {:token (jwt/sign {:sub (:id user) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})}))
      (do (log/warn "login refused" (:remote-addr request))
          (unauthorized {:error "wrong"})))))

(defroutes routes
  (context "/api" []
    (POST "/login" [] login)))

(defn refused [request retry-after]
  (log/warn "too many logins" (:remote-addr request) retry-after)
  {:status 429 :body "slow down"})

(def app
  (wrap-rate-limit routes {:storage nil :limit (ip-rate-limit :login 10 (t/minutes 1)) :response-builder refused}))
